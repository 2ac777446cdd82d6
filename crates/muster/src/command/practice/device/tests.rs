use super::{Boot, Which};
use crate::output::Format;

#[test]
fn booting_waits_for_a_person_and_never_for_a_script_that_did_not_ask() {
    // --watch, --no-watch, format, on a terminal: whether it stays
    for (watch, no_watch, format, terminal, stays) in [
        (false, false, Format::People, true, true),
        (false, false, Format::People, false, false),
        (false, false, Format::Json, true, false),
        (false, true, Format::People, true, false),
        (true, false, Format::People, false, true),
        (true, false, Format::Json, false, true),
    ] {
        let boot = Boot { which: Which { serials: Vec::new() }, watch, no_watch };
        assert_eq!(boot.stays(format, terminal), stays, "{watch} {no_watch} {format:?} {terminal}");
    }
}
