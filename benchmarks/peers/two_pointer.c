/* The floor for exact work: one pass over grid and bookings, both sorted. Times are microseconds, intervals half-open. */
#include <stdint.h>

/* Walk each calendar's pieces of grid and its bookings together and write the starts that no booking refuses.
   A booking refuses the starts in [start - reach_back, end + reach_on). Bookings of one calendar do not overlap.
   `out` has room for every start of the grid; gives how many were written, and `out_offsets` bounds the rows. */
int64_t petpro_peer_starts(int64_t calendars, const int64_t *schedule_of, const int64_t *piece_offsets,
                           const int64_t *first, const int64_t *last, const int64_t *booking_offsets,
                           const int64_t *starts, const int64_t *ends, int64_t reach_back, int64_t reach_on,
                           int64_t step, int64_t *out_offsets, int64_t *out)
{
    int64_t written = 0;
    out_offsets[0] = 0;
    for (int64_t row = 0; row < calendars; row++) {
        int64_t booking = booking_offsets[row], stop = booking_offsets[row + 1];
        int64_t piece_stop = piece_offsets[schedule_of[row] + 1];
        for (int64_t piece = piece_offsets[schedule_of[row]]; piece < piece_stop; piece++) {
            for (int64_t at = first[piece]; at <= last[piece];) {
                while (booking < stop && ends[booking] + reach_on <= at) booking++;
                if (booking < stop && starts[booking] - reach_back <= at) {
                    /* Adding beats a division: a booking is a few steps long. */
                    int64_t free_at = ends[booking] + reach_on;
                    while (at < free_at) at += step;
                } else {
                    out[written++] = at;
                    at += step;
                }
            }
        }
        out_offsets[row + 1] = written;
    }
    return written;
}

/* The same walk, left at the first start of each calendar; `out_offsets` counts the calendars that have one. */
int64_t petpro_peer_first(int64_t calendars, const int64_t *schedule_of, const int64_t *piece_offsets,
                          const int64_t *first, const int64_t *last, const int64_t *booking_offsets,
                          const int64_t *starts, const int64_t *ends, int64_t reach_back, int64_t reach_on,
                          int64_t step, int64_t *out_offsets, int64_t *out)
{
    int64_t written = 0;
    out_offsets[0] = 0;
    for (int64_t row = 0; row < calendars; row++) {
        int64_t booking = booking_offsets[row], stop = booking_offsets[row + 1];
        int64_t piece_stop = piece_offsets[schedule_of[row] + 1], found = 0;
        for (int64_t piece = piece_offsets[schedule_of[row]]; piece < piece_stop && !found; piece++) {
            for (int64_t at = first[piece]; at <= last[piece] && !found;) {
                while (booking < stop && ends[booking] + reach_on <= at) booking++;
                if (booking < stop && starts[booking] - reach_back <= at) {
                    int64_t free_at = ends[booking] + reach_on;
                    while (at < free_at) at += step;
                } else {
                    out[written++] = at;
                    found = 1;
                }
            }
        }
        out_offsets[row + 1] = written;
    }
    return written;
}

/* The same walk, counting: `out_offsets` gets how many starts come before each calendar's, and nothing is written. */
int64_t petpro_peer_count(int64_t calendars, const int64_t *schedule_of, const int64_t *piece_offsets,
                          const int64_t *first, const int64_t *last, const int64_t *booking_offsets,
                          const int64_t *starts, const int64_t *ends, int64_t reach_back, int64_t reach_on,
                          int64_t step, int64_t *out_offsets, int64_t *out)
{
    int64_t counted = 0;
    (void)out;
    out_offsets[0] = 0;
    for (int64_t row = 0; row < calendars; row++) {
        int64_t booking = booking_offsets[row], stop = booking_offsets[row + 1];
        int64_t piece_stop = piece_offsets[schedule_of[row] + 1];
        for (int64_t piece = piece_offsets[schedule_of[row]]; piece < piece_stop; piece++) {
            for (int64_t at = first[piece]; at <= last[piece];) {
                while (booking < stop && ends[booking] + reach_on <= at) booking++;
                if (booking < stop && starts[booking] - reach_back <= at) {
                    int64_t free_at = ends[booking] + reach_on;
                    while (at < free_at) at += step;
                } else {
                    counted++;
                    at += step;
                }
            }
        }
        out_offsets[row + 1] = counted;
    }
    return counted;
}

/* Count the pairs of bookings on one resource that overlap; rows are sorted by resource, then start. */
int64_t petpro_peer_overlaps(int64_t count, const int64_t *resource, const int64_t *starts, const int64_t *ends)
{
    int64_t pairs = 0;
    for (int64_t i = 0; i < count; i++)
        for (int64_t j = i + 1; j < count && resource[j] == resource[i] && starts[j] < ends[i]; j++) pairs++;
    return pairs;
}
