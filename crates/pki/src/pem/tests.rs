use super::*;
use proptest::prelude::*;

#[test]
fn blocks_of_other_kinds_and_text_between_are_skipped() {
    let text = format!(
        "Bag Attributes\n{}junk\n{}{}",
        encode("A", b"one"),
        encode("B", b"two"),
        encode("A", b"three")
    );
    let blocks = decode_all("A", &text.replace('\n', "\r\n")).unwrap();
    assert_eq!(blocks.iter().map(|block| block.as_slice()).collect::<Vec<_>>(), [&b"one"[..], b"three"]);
    assert!(matches!(decode("C", &text), Err(Error::Pem(_))));
}

#[test]
fn damaged_blocks_are_refused() {
    for text in ["-----BEGIN A-----\nAAAA", "-----BEGIN A-----\n!!!!\n-----END A-----"] {
        assert!(matches!(decode("A", text), Err(Error::Pem(_))), "{text}");
    }
    assert!(matches!(decode("A", &"x".repeat(MAX_LEN + 1)), Err(Error::TooLarge(_))));
}

proptest! {
    #[test]
    fn what_is_written_reads_back(content in proptest::collection::vec(any::<u8>(), 0..300)) {
        let text = encode("A", &content);
        prop_assert!(text.lines().all(|line| line.len() <= 64));
        let block = decode("A", &text).unwrap();
        prop_assert_eq!(block.as_slice(), content.as_slice());
    }
}
