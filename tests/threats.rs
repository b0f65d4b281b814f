//! Which test shows what is done against each attack, by the row of the list of threats that the project was made from.
//! The rule: a row names tests that exist, or says in words why it has none yet; no row of the list is left out.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// What a row has.
enum Shown {
    /// Tests, by their names.
    By(&'static [&'static str]),
    /// None, for this reason.
    Not(&'static str),
}

use Shown::{By, Not};

/// Engine 4 is not built: such a `Signature` is malformed where one of draft-cavage is expected, and none where another header
/// is. Whatever is done against these attacks, it is done by refusing the good ones too.
const RFC_9421: Shown = By(&["no_signature_of_rfc_9421_passes_for_another"]);

const ROWS: &[(&str, Shown)] = &[
    // Tokens.
    ("J01", By(&["every_row_in_every_form_is_answered_right", "no_spelling_of_none_is_an_algorithm"])),
    ("J02", By(&["every_row_in_every_form_is_answered_right", "a_public_key_is_never_a_mac_key"])),
    ("J03", By(&["every_row_in_every_form_is_answered_right", "an_alg_that_does_not_fit_the_key_is_refused"])),
    ("J04", By(&["a_header_that_brings_a_key_packs_or_stretches_is_refused"])),
    (
        "J05",
        By(&[
            "an_address_or_a_name_in_a_header_opens_no_socket",
            "j05_the_configured_address_is_compared_and_never_called",
        ]),
    ),
    ("J06", By(&["j06_a_key_is_good_for_its_endpoint_and_its_time", "a_kid_that_is_no_name_is_refused"])),
    ("J07", By(&["every_sentence_about_crit_is_kept", "j07_j08_extensions_types_and_b64_of_an_attached_body"])),
    (
        "J08",
        By(&[
            "b64_counts_only_as_a_boolean_that_crit_lists",
            "j08_a_detached_token_has_one_payload_and_it_is_the_body",
        ]),
    ),
    ("J09", By(&["every_row_in_every_form_is_answered_right", "parts_are_counted_exactly"])),
    ("J10", By(&["every_row_in_every_form_is_answered_right", "what_exists_only_as_json_is_refused"])),
    (
        "J11",
        By(&[
            "a_member_that_is_there_twice_is_refused_however_it_is_spelled",
            "a_repeated_member_is_refused_at_every_depth",
        ]),
    ),
    (
        "J12",
        By(&[
            "key_management_that_is_not_offered_is_refused_by_name",
            "a_header_that_brings_a_key_packs_or_stretches_is_refused",
        ]),
    ),
    (
        "J13",
        By(&[
            "a_header_that_asks_for_work_is_answered_at_once",
            "key_management_that_is_not_offered_is_refused_by_name",
        ]),
    ),
    (
        "J14",
        By(&[
            "j14_the_million_message_pair_has_one_answer_and_one_time",
            "j14_rsa1_5_is_refused_before_the_private_key_is_used",
        ]),
    ),
    ("J15", By(&["an_ephemeral_key_is_public_and_of_its_length", "a_point_off_the_curve_is_refused"])),
    (
        "J16",
        By(&[
            "every_row_in_every_form_is_answered_right",
            "ecdsa_of_the_crate_in_der_and_in_pairs_each_by_a_key_for_it_alone",
            "an_ecdsa_signature_in_the_form_that_was_not_chosen_is_refused",
        ]),
    ),
    ("J17", By(&["j17_the_token_of_the_caller_and_the_token_of_the_event_are_not_each_other"])),
    (
        "J18",
        By(&["j18_a_jwe_whatever_is_in_it_is_no_signature_and_every_refusal_looks_alike", "misuse_does_not_compile"]),
    ),
    (
        "J19",
        By(&[
            "a_replay_and_a_twin_of_a_signature_are_the_same_event",
            "j19_an_id_is_an_id_of_its_issuer_and_nobody_can_take_it_from_another",
        ]),
    ),
    (
        "J20",
        By(&[
            "absent_null_wrong_type_and_out_of_range_are_four_refusals_of_every_claim",
            "an_audience_has_to_name_us_whole",
        ]),
    ),
    ("J21", By(&["a_padded_or_respelled_base64url_is_refused", "any_flipped_bit_of_any_part_of_a_jwe_is_refused"])),
    (
        "J22",
        By(&["j22_a_header_is_4096_characters_long_and_not_one_more", "a_long_header_is_refused_before_it_is_decoded"]),
    ),
    (
        "J23",
        By(&["an_empty_or_odd_iv_is_refused", "a_handler_that_fails_or_panics_is_asked_again_by_the_senders_retry"]),
    ),
    (
        "J24",
        By(&[
            "a_careless_set_is_refused_whole",
            "whatever_a_host_answers_the_good_set_stays_and_the_reason_is_counted",
        ]),
    ),
    ("J25", By(&["a_truncated_gcm_tag_is_refused", "padding_is_never_looked_at_before_the_mac"])),
    ("J26", By(&["j26_a_token_in_a_header_is_good_for_one_body"])),
    // Signatures of HTTP.
    (
        "H01",
        By(&[
            "a_genuine_signature_that_leaves_out_what_is_demanded_is_refused",
            "every_row_of_draft_cavage_and_of_body_signatures_is_answered_right",
        ]),
    ),
    (
        "H02",
        By(&[
            "every_row_of_draft_cavage_and_of_body_signatures_is_answered_right",
            "any_flipped_bit_of_body_digest_signature_id_or_time_is_refused",
        ]),
    ),
    ("H03", By(&["every_row_of_draft_cavage_and_of_body_signatures_is_answered_right"])),
    (
        "H04",
        By(&[
            "what_http_libraries_forgive_is_refused_and_touches_no_store",
            "a_parameter_given_twice_is_refused",
            "a_query_with_two_readings_is_refused_and_touches_no_store",
        ]),
    ),
    (
        "H05",
        By(&[
            "the_rows_about_time_are_refused_for_the_time_although_the_signature_fits",
            "a_created_time_ahead_of_us_or_long_ago_is_refused_to_the_second",
            "an_expired_signature_is_refused_to_the_second",
            "an_end_that_does_not_come_after_the_creation_is_refused",
            "times_listed_beside_an_algorithm_of_the_older_drafts_are_refused",
            "a_time_that_is_listed_and_not_given_is_refused",
            "the_value_of_created_is_no_signature_of_expires",
            "a_time_that_was_changed_after_signing_is_refused",
            "the_window_is_closed_at_both_ends",
            "a_time_with_a_second_spelling_is_refused",
        ]),
    ),
    (
        "H06",
        By(&[
            "every_row_of_draft_cavage_and_of_body_signatures_is_answered_right",
            "two_endpoints_never_share_an_event",
        ]),
    ),
    ("H07", By(&["the_weaker_word_of_the_sender_does_not_choose_the_algorithm"])),
    (
        "H08",
        By(&[
            "every_row_of_draft_cavage_and_of_body_signatures_is_answered_right",
            "the_requests_of_the_appendix_are_verified_by_the_signing_strings_that_it_prints",
            "the_examples_as_they_are_printed_are_refused",
        ]),
    ),
    (
        "H09",
        By(&[
            "each_observed_leniency_has_its_refusal_and_hides_nothing_behind_it",
            "what_http_libraries_forgive_is_refused_and_touches_no_store",
        ]),
    ),
    ("H10", RFC_9421),
    ("H11", RFC_9421),
    (
        "H12",
        By(&[
            "each_observed_leniency_has_its_refusal_and_hides_nothing_behind_it",
            "extensions_and_trailers_are_bounded_over_the_whole_body",
        ]),
    ),
    ("H13", By(&["each_observed_leniency_has_its_refusal_and_hides_nothing_behind_it"])),
    ("H14", RFC_9421),
    ("H15", RFC_9421),
    (
        "H16",
        By(&[
            "no_endpoint_without_keys",
            "an_empty_or_short_secret_does_not_start",
            "a_signature_cannot_be_switched_off",
        ]),
    ),
    // Digests.
    ("D01", By(&["every_row_of_the_digest_header_is_answered_right", "a_weak_or_unknown_algorithm_alone_is_weak"])),
    (
        "D02",
        By(&[
            "another_body_under_any_of_its_digests_is_refused_and_touches_no_store",
            "every_row_of_the_digest_header_is_answered_right",
            "an_algorithm_given_twice_is_refused",
        ]),
    ),
    ("D03", By(&["every_row_of_the_digest_header_is_answered_right", "a_respelled_value_is_refused"])),
    ("D04", By(&["a_digest_of_another_length_is_refused"])),
    (
        "D05",
        By(&["no_content_digest_passes_for_a_digest", "what_http_libraries_forgive_is_refused_and_touches_no_store"]),
    ),
    (
        "D06",
        By(&[
            "any_flipped_bit_of_body_digest_signature_id_or_time_is_refused",
            "what_is_handed_out_is_what_was_accepted",
        ]),
    ),
    // Signatures of a body.
    ("X01", By(&["every_row_of_draft_cavage_and_of_body_signatures_is_answered_right"])),
    (
        "X02",
        By(&[
            "the_same_body_under_a_new_unsigned_id_is_the_same_event",
            "check_says_what_is_signed_and_what_replay_protection_follows",
        ]),
    ),
    ("X03", By(&["rsa_pkcs1_of_the_crate"])),
    (
        "X04",
        By(&["a_respelled_base64_is_refused", "every_row_of_draft_cavage_and_of_body_signatures_is_answered_right"]),
    ),
    ("X05", Not("the backend compares MACs, called in one place; no figure of its time is taken")),
    ("X06", By(&["an_empty_or_short_secret_does_not_start"])),
    // Body and connection.
    (
        "B01",
        By(&[
            "any_flipped_bit_of_body_digest_signature_id_or_time_is_refused",
            "a_repeated_member_is_refused_at_every_depth",
        ]),
    ),
    (
        "B02",
        By(&[
            "what_http_libraries_forgive_is_refused_and_touches_no_store",
            "each_observed_leniency_has_its_refusal_and_hides_nothing_behind_it",
        ]),
    ),
    (
        "B03",
        By(&[
            "chunks_that_two_servers_could_read_differently_are_refused",
            "a_body_in_too_many_pieces_is_refused_and_one_in_small_pieces_is_not",
        ]),
    ),
    (
        "B04",
        By(&[
            "each_observed_leniency_has_its_refusal_and_hides_nothing_behind_it",
            "pipelined_requests_are_seen_as_they_were_sent_however_they_are_cut",
            "each_file_of_gunicorn_is_accepted_with_its_parts_or_refused",
            "what_smuggles_gets_no_2xx_through_nginx_and_nothing_behind_it_is_seen",
        ]),
    ),
    (
        "B05",
        By(&[
            "a_body_over_the_limit_is_refused_however_its_length_is_announced",
            "bodies_beyond_the_room_of_all_are_sent_away_at_once_and_the_room_comes_back",
            "one_address_has_a_part_of_the_room_and_the_others_the_rest",
        ]),
    ),
    (
        "B06",
        By(&[
            "half_a_head_is_answered_408_also_if_it_goes_on_and_on",
            "a_silent_connection_is_closed_without_a_word",
            "a_stalled_or_trickled_body_is_given_up",
            "one_address_does_not_take_the_places_of_the_others",
        ]),
    ),
    ("B07", By(&["no_100_continue_is_sent_for_a_head_that_is_refused_and_one_for_a_head_that_is_not"])),
    (
        "B08",
        By(&[
            "a_number_keeps_its_digits_in_a_typed_and_in_an_unknown_member",
            "a_body_that_is_too_deep_is_refused",
            "a_body_that_is_too_wide_is_refused",
        ]),
    ),
    (
        "B09",
        By(&[
            "each_file_of_jsontestsuite_reaches_the_handler_unchanged_or_reaches_nobody",
            "what_only_lenient_readers_take_is_refused",
            "a_byte_order_mark_or_trailing_bytes_are_refused",
        ]),
    ),
    (
        "B10",
        By(&[
            "each_observed_leniency_has_its_refusal_and_hides_nothing_behind_it",
            "it_is_not_spoken_unless_it_is_asked_for",
            "floods_end_the_connection_and_the_next_one_is_served",
        ]),
    ),
    (
        "B11",
        By(&[
            "what_cannot_be_read_is_kept_and_reaches_no_handler",
            "a_handler_that_fails_or_panics_is_asked_again_by_the_senders_retry",
        ]),
    ),
    ("B12", By(&["a_flood_of_signatures_is_refused"])),
    // Replay.
    ("R01", By(&["two_endpoints_never_share_an_event"])),
    (
        "R02",
        By(&[
            "other_content_under_a_taken_identity_is_quarantined_once",
            "every_fault_of_a_sender_is_answered_as_documented_and_401_is_one_body",
            "however_many_codes_come_under_one_state_one_event_and_one_conflict_are_kept",
        ]),
    ),
    ("R03", By(&["many_copies_at_once_are_accepted_once"])),
    (
        "R04",
        By(&[
            "sqlite_keeps_what_it_acknowledged_wherever_the_process_is_killed",
            "redis_keeps_what_it_acknowledged_wherever_the_process_is_killed",
            "sqlite_runs_the_handler_again_until_its_answer_is_remembered",
        ]),
    ),
    ("R05", By(&["a_shorter_memory_than_the_longest_retry_does_not_start", "a_copy_after_three_days_is_a_duplicate"])),
    (
        "R06",
        By(&[
            "what_a_failover_lost_is_taken_again_and_leaves_twice_under_one_id",
            "a_backup_that_is_put_back_accepts_again_what_came_after_it_and_the_sink_sees_the_same_id",
            "a_failover_by_sentinel_under_load_loses_nothing_that_replicas_had",
        ]),
    ),
    ("R07", By(&["a_forgery_under_an_id_leaves_no_trace_and_the_real_event_is_accepted_after_it"])),
    (
        "R08",
        Not(
            "a sender with a genuine key can fill the store: there is no quota by endpoint; a full store is 503 and is survived",
        ),
    ),
    (
        "R09",
        By(&[
            "the_same_unsigned_notification_under_a_new_id_is_a_duplicate_and_other_content_a_conflict",
            "check_says_which_policy_of_identity_is_in_force",
        ]),
    ),
    (
        "R10",
        By(&[
            "a_missing_id_is_refused",
            "an_id_that_is_missing_in_the_document_quarantines_and_one_missing_in_the_header_is_400",
        ]),
    ),
    ("R11", By(&["a_redis_that_may_evict_is_refused", "a_redis_that_is_set_to_evict_is_503_until_it_is_set_back"])),
    ("R12", By(&["a_replay_and_a_twin_of_a_signature_are_the_same_event"])),
    (
        "R13",
        By(&[
            "memory_forgets_with_the_process_and_the_retry_is_accepted_again",
            "a_burst_that_is_killed_loses_nothing_that_was_acknowledged_and_prints_nothing_twice_as_new",
            "a_state_is_used_once_also_after_a_kill",
        ]),
    ),
    (
        "R14",
        Not(
            "events leave in the order of acceptance and carry the sender's own times; which of two is newer is the handler's to say",
        ),
    ),
    ("R15", By(&["a_stored_answer_goes_to_no_other_user_and_to_no_other_question"])),
    (
        "R16",
        By(&[
            "a_retry_after_a_day_with_the_first_signature_is_accepted_once",
            "a_request_may_not_stay_fresh_longer_than_it_is_remembered",
        ]),
    ),
    // Keys.
    (
        "K01",
        By(&[
            "by_file_no_good_request_is_refused_and_no_removed_key_accepted",
            "a_key_before_or_after_its_time_is_not_found",
            "secrets_rotate_without_a_person_noticing",
        ]),
    ),
    ("K02", By(&["half_a_file_gives_no_wrong_answer_in_a_thousand_and_mends_itself", "whoever_holds_a_set_keeps_it"])),
    ("K03", By(&["an_expired_certificate_is_no_key", "an_expired_key_is_not_found"])),
    (
        "K04",
        Not(
            "certificates in a request are not believed: keys are pinned; a chain to a qualified authority comes later",
        ),
    ),
    (
        "K05",
        By(&[
            "a_weak_rsa_key_is_refused",
            "an_rsa_exponent_of_1_3_or_an_even_one_is_refused",
            "a_power_of_the_generator_is_marked_and_its_neighbour_is_not",
        ]),
    ),
    ("K06", By(&["keys_are_used_until_the_hard_limit_and_not_a_moment_longer"])),
    ("K07", By(&["a_cut_certificate_is_refused", "bytes_after_the_certificate_are_refused"])),
    (
        "K08",
        By(&[
            "an_organisation_is_its_attribute_byte_for_byte_in_whatever_order_the_name_stands",
            "a_name_of_one_kind_is_no_name_of_another_and_a_wildcard_stands_for_nothing",
        ]),
    ),
    ("K09", By(&["made_up_key_ids_cause_one_fetch_a_minute_and_nothing_grows"])),
    ("K10", By(&["a_secret_that_others_can_read_does_not_start_and_the_cure_is_named", "debug_shows_no_secret"])),
    // TLS.
    (
        "T01",
        By(&[
            "without_a_trusted_proxy_a_certificate_in_a_header_is_refused_from_everybody",
            "a_certificate_in_a_header_counts_from_the_proxy_alone_and_is_checked_as_in_a_handshake",
        ]),
    ),
    ("T02", By(&["each_observed_leniency_has_its_refusal_and_hides_nothing_behind_it"])),
    ("T03", By(&["tls_files_that_are_not_there_do_not_start", "mutual_tls_that_would_be_open_does_not_start"])),
    ("T04", By(&["a_handshake_that_stalls_is_given_up"])),
    // What operators see.
    (
        "L01",
        By(&[
            "canaries_do_not_leave_by_logs_metrics_or_errors",
            "nothing_of_a_message_or_a_token_reaches_logs_or_answers_on_any_refusal",
            "the_code_is_in_no_log_no_metric_no_page_and_no_header",
        ]),
    ),
    ("L02", By(&["foreign_text_forges_no_line_of_a_log", "a_subject_forges_no_line_of_a_log"])),
    (
        "L03",
        By(&[
            "twenty_thousand_refusals_make_few_lines_no_series_and_are_all_counted",
            "ten_thousand_refusals_for_one_reason_are_few_lines_and_accepted_ones_are_all_there",
        ]),
    ),
    (
        "L04",
        By(&[
            "every_authentication_failure_has_one_status_and_one_body",
            "a_refusal_logs_one_line_and_all_refusals_look_alike",
            "a_forged_expired_reused_or_foreign_state_is_refused_with_the_same_page",
        ]),
    ),
    (
        "L05",
        Not(
            "the times differ, on purpose: the id of a key is no secret, and an unknown one is refused before the body; \
             whether an id is taken is asked after the signature alone, by its sender, who is told so in words. No figure of \
             either is taken; that the answers are equal stands in L04, the time of a private key in J14",
        ),
    ),
    (
        "L06",
        By(&[
            "twenty_thousand_refusals_make_few_lines_no_series_and_are_all_counted",
            "strangers_make_no_metrics_and_see_none",
        ]),
    ),
    ("L07", By(&["strangers_make_no_metrics_and_see_none", "an_open_admin_listener_needs_a_token"])),
    ("L08", By(&["a_name_that_points_here_an_origin_and_a_wrong_token_see_nothing"])),
    // Sinks.
    ("F01", By(&["a_private_literal_has_to_be_allowed", "a_person_is_sent_only_where_the_configuration_says"])),
    (
        "F02",
        By(&[
            "a_name_that_leads_inside_is_refused_unless_it_is_allowed_and_an_address_that_is_written_is_not",
            "what_is_inside_is_not_public",
        ]),
    ),
    (
        "F03",
        By(&[
            "a_redirect_of_the_core_is_not_followed",
            "each_way_to_fail_is_a_try_and_the_others_get_through",
            "an_upstream_that_fails_is_told_in_tribes_words_and_the_retry_asks_again",
        ]),
    ),
    (
        "F04",
        By(&[
            "a_poison_event_is_parked_and_the_others_are_delivered",
            "an_event_that_ends_the_process_each_time_is_parked_and_the_next_is_delivered",
            "a_try_that_ended_without_a_word_is_told_from_one_that_failed",
            "an_attempt_counts_before_it_is_made",
        ]),
    ),
    (
        "F05",
        By(&[
            "what_fails_together_does_not_come_back_together",
            "a_sink_that_is_down_for_long_is_left_alone_and_gets_everything_when_it_is_back",
            "each_failed_probe_waits_longer_up_to_a_minute_and_as_long_as_the_sink_asks",
            "what_a_sink_asks_for_is_waited_for_and_bounded",
        ]),
    ),
    (
        "F06",
        By(&["a_record_that_was_changed_on_disk_is_quarantined", "a_damaged_record_is_quarantined_and_not_delivered"]),
    ),
    (
        "F07",
        By(&["the_action_stands_where_the_configuration_says_and_nowhere_else", "an_id_with_a_line_end_is_no_header"]),
    ),
    // What it is made of.
    ("S01", Not("`cargo deny` in ./test, with the floors of deny.toml: a lower version fails it")),
];

/// Names of all tests under a folder: functions under an attribute that says so, and the cases that each store has to pass.
fn tests_in(folder: &Path, into: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        if entry.is_dir() {
            tests_in(&entry, into);
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            let is_case = folder.ends_with("store/conformance");
            let text = fs::read_to_string(&entry).expect("a file");
            let mut marked = false;
            for line in text.lines().map(str::trim) {
                let name = line.split_once("fn ").and_then(|(_, rest)| rest.split_once('('));
                if let Some((name, _)) = name.filter(|_| marked || is_case) {
                    into.insert(name.to_owned());
                }
                marked = match line {
                    "" => false,
                    _ if line.starts_with("#[") => marked || line.contains("test"),
                    _ => false,
                };
            }
        }
    }
}

#[test]
fn each_row_names_tests_that_exist_or_says_why_not() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut known = BTreeSet::new();
    tests_in(&root.join("src"), &mut known);
    tests_in(&root.join("tests"), &mut known);
    let mut wrong = Vec::new();
    for (row, shown) in ROWS {
        match shown {
            Not(why) if why.split_whitespace().count() < 5 => wrong.push(format!("{row}: no test and no reason")),
            By([]) => wrong.push(format!("{row}: no test")),
            Not(why) => println!("{row}: {why}"),
            By(tests) => {
                let unknown = tests.iter().filter(|test| !known.contains(**test));
                wrong.extend(unknown.map(|test| format!("{row}: no test of the name {test}")));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn the_table_has_every_row_of_the_list_once() {
    let mut rows: Vec<&str> = ROWS.iter().map(|(row, _)| *row).collect();
    rows.sort_unstable();
    assert!(rows.windows(2).all(|pair| pair[0] != pair[1]));
    let list = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/reference/threats.md");
    let Ok(list) = fs::read_to_string(list) else {
        return eprintln!("left out: the list of threats is not at hand");
    };
    let is_row = |row: &str| row.len() == 3 && row.starts_with(|first: char| first.is_ascii_uppercase());
    let mut listed: Vec<&str> = list
        .lines()
        .filter_map(|line| Some(line.strip_prefix("| ")?.split_once(" |")?.0))
        .filter(|row| is_row(row) && row[1..].bytes().all(|byte| byte.is_ascii_digit()))
        .collect();
    listed.sort_unstable();
    assert_eq!(rows, listed);
}
