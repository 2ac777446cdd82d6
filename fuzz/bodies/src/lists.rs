//! Lists of serial numbers that people upload.

use std::collections::BTreeSet;

use domain::device::{DESCRIPTION_LEN_MAX, read_csv};
use practice::apple::serial::{SERIAL_CHARS_MAX, from_csv};

/// An administrator's list: every serial once, every text within its bound.
pub(crate) fn csv(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    match read_csv(text) {
        Ok(rows) => {
            assert!(rows.len() <= 10_000 && rows.len() <= text.lines().count());
            let serials: BTreeSet<_> = rows.iter().map(|row| &row.serial).collect();
            assert_eq!(serials.len(), rows.len(), "a serial is in the list twice");
            for row in &rows {
                let note = row.description.as_deref().unwrap_or("-");
                assert!(note.chars().count() <= DESCRIPTION_LEN_MAX && !note.contains('\0'));
                assert!(row.profile.as_deref().is_none_or(|profile| !profile.contains('\0')));
            }
        }
        Err(error) => assert!(error.to_string().len() < 200),
    }
}

/// A list in the practice portal: what is taken for a serial is one.
pub(crate) fn portal_csv(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let (serials, refused) = from_csv(text);
    assert!(serials.len() + refused.len() <= text.lines().count());
    for serial in &serials {
        assert!((8..=SERIAL_CHARS_MAX).contains(&serial.len()));
        assert!(serial.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()));
    }
    refused.iter().for_each(|cell| assert!(cell.chars().count() <= SERIAL_CHARS_MAX));
}
