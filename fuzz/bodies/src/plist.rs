//! The guarded property list.

use mdm::guard::{MAX_DEPTH, MAX_ELEMENTS, Value, parse_xml, write_xml};

/// What is read keeps its bounds, can be written, and reads back as it was.
pub(crate) fn plist(input: &[u8]) {
    let Ok(value) = parse_xml(input, input.len()) else { return };
    assert!(depth(&value) <= MAX_DEPTH);
    assert!(elements(&value) <= MAX_ELEMENTS.min(input.len()));
    let written = write_xml(&value).expect("what was read can be written");
    let again = parse_xml(&written, written.len()).expect("what was written can be read");
    // Not the values themselves: a real may be no number, which equals nothing.
    assert_eq!(write_xml(&again).as_ref(), Ok(&written));
}

fn depth(value: &Value) -> usize {
    let inside = match value {
        Value::Array(items) => items.iter().map(depth).max(),
        Value::Dictionary(entries) => entries.values().map(depth).max(),
        _ => None,
    };
    1 + inside.unwrap_or_default()
}

fn elements(value: &Value) -> usize {
    let inside = match value {
        Value::Array(items) => items.iter().map(elements).sum(),
        Value::Dictionary(entries) => entries.values().map(elements).sum(),
        _ => 0,
    };
    1 + inside
}
