//! One suite for every warehouse: the same runs leave the same tables.
//!
//! [`warehouse_behaviours!`](crate::warehouse_behaviours) gives the names of all behaviours to a macro of the test's
//! choice.

mod balance;
mod content;
mod periods;
mod remarks;
mod runs;
mod sets;
mod shadows;
mod summaries;
mod transactions;

pub use balance::*;
pub use content::*;
pub use periods::*;
pub use remarks::*;
pub use runs::{HOURLY, apply, commit, everything, hourly, run, schema};
pub use sets::*;
pub use shadows::*;
pub use summaries::*;
pub use transactions::*;

/// Calls a macro with the names of all behaviours, which are functions of this module.
#[macro_export]
macro_rules! warehouse_behaviours {
    ($each:ident) => {
        $each!(
            rows_progress_and_freshness_become_visible_together,
            rows_of_one_group_are_merged_measure_by_measure,
            a_period_that_is_final_stays_so_unless_its_table_is_replaced,
            g2_a_run_applied_twice_changes_nothing,
            of_two_runs_at_once_one_is_first,
            a_dropped_transaction_changes_nothing,
            a_replaced_table_shows_its_old_rows_until_the_commit,
            a_rebuild_is_fenced_by_the_progress_that_it_saw,
            dimension_values_are_neither_merged_nor_refused,
            every_type_is_kept_exactly,
            the_first_and_last_values_stay_whatever_comes_when,
            different_values_are_counted_once_however_often_they_come,
            groups_that_are_read_to_be_merged_are_only_those_asked_for,
            a_sum_of_39_digits_is_an_overflow_and_nothing_is_written,
            a_table_that_does_not_fit_is_refused_with_its_columns,
            a_ranking_orders_numbers_as_numbers_and_ties_by_dimension,
            a_summary_adds_up_what_is_now_by_what_is_just_equal,
            a_report_shows_averages_and_settled_periods,
            a_group_of_which_nothing_was_measured_has_zero_or_null,
            a_report_shows_the_ends_of_windows_and_which_are_final,
            weeks_are_kept_by_their_mondays,
            a_day_of_a_zone_is_a_date_and_final_by_its_clocks,
            a_window_that_overlaps_others_is_final_at_its_end,
            periods_that_are_too_old_go_and_never_come_back,
            many_rows_that_are_too_old_go_in_parts,
            what_was_committed_is_there_after_reopening,
            a_run_may_merge_a_group_more_than_once,
            an_unknown_table_is_an_error,
            a_table_that_was_replaced_goes_when_nothing_needs_it,
            a_build_lower_than_the_highest_that_ran_changes_nothing,
            a_blocked_table_says_why_until_it_goes_on,
            what_a_run_remarks_is_said_of_tables_that_do_not_move,
            the_balance_is_of_the_version_that_a_table_stands_at,
            what_a_shadow_has_taken_in_comes_with_its_swap,
            a_shadow_that_an_earlier_build_filled_has_taken_in_what_silver_has,
            a_table_of_another_dataset_is_left_to_it,
            a_shadow_is_filled_beside_the_live_table_and_takes_its_place,
            a_table_of_an_earlier_definition_goes_on_beside_its_shadow,
            what_changes_a_shadow_compares_all_of_it,
            a_shadow_in_place_of_another_retires_that_one,
            a_first_table_is_filled_unseen_and_shown_by_the_swap,
            a_shadow_that_is_dropped_changes_nothing,
            a_later_build_stops_what_is_made_beside,
            a_table_that_the_file_no_longer_has_goes_with_a_swap,
        );
    };
}
