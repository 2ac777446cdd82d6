use serde_json::{Value, json};

use super::because;

#[test]
fn a_reason_is_followed_by_what_to_do_only_where_there_is_something_to_do() {
    let cases: [(Value, &str); 5] = [
        (json!({ "words": "no profile", "action": "Assign one." }), "no profile: Assign one."),
        (json!({ "words": "Apple said no.", "action": "Ask Apple." }), "Apple said no: Ask Apple."),
        (json!({ "words": "it has enrolled", "action": "" }), "it has enrolled"),
        (json!({ "words": "it has enrolled.", "action": "  " }), "it has enrolled"),
        (json!({ "words": "it has enrolled" }), "it has enrolled"),
    ];
    for (reason, expected) in cases {
        assert_eq!(because(&reason), expected);
    }
}
