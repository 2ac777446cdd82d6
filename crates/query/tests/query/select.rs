//! What `$select` leaves of a row.

use muster_query::{Options, check_select, project};
use serde_json::{Value, json};

use crate::rows::{THING, three};

fn selected(select: &str, keep: &[&str]) -> Value {
    let options = Options::parse(&format!("$select={select}")).unwrap();
    let select = check_select(&options.select, &THING).unwrap();
    project(three().swap_remove(0), select.as_deref(), keep)
}

#[test]
fn selected_properties_and_the_type_are_left() {
    let type_name = "#microsoft.graph.managedIOSStoreApp";
    for (select, keep, expected) in [
        ("DEVICENAME,freebytes", &[][..], json!({"deviceName": "O'Brien's iPad", "freeBytes": 64})),
        ("templateReference/templateId", &[], json!({"templateReference": {"templateId": "27d20e9c_1"}})),
        (
            "templateReference/templateId,templateReference",
            &[],
            json!({"templateReference": {"templateId": "27d20e9c_1", "templateFamily": "enrollmentConfiguration"}}),
        ),
        ("freeBytes", &["platform"], json!({"freeBytes": 64, "platform": "ios"})),
        ("activationLockBypassCode", &[], json!({})),
        ("microsoft.graph.managedApp/appAvailability", &[], json!({"appAvailability": "global"})),
    ] {
        let mut expected = expected;
        expected["@odata.type"] = json!(type_name);
        assert_eq!(selected(select, keep), expected, "{select}");
    }
}

#[test]
fn no_selection_and_a_star_leave_everything() {
    for select in ["", "*", "id,*"] {
        assert_eq!(selected(select, &[]), three()[0], "{select}");
    }
}

#[test]
fn annotations_go_with_their_property() {
    let row =
        json!({"@odata.etag": "e", "id": "1", "id@odata.type": "t", "notes": "n", "notes@odata.type": "t"});
    let options = Options::parse("$select=id").unwrap();
    let select = check_select(&options.select, &THING).unwrap();
    assert_eq!(
        project(row, select.as_deref(), &[]),
        json!({"@odata.etag": "e", "id": "1", "id@odata.type": "t"})
    );
}
