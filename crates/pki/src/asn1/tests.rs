use super::*;
use proptest::prelude::*;

fn time_of(tag: u8, text: &str) -> crate::Result<i64> {
    let bytes = tlv(tag, &[text.as_bytes()]);
    time::read(Reader::new(&bytes).any().unwrap())
}

#[test]
fn times_read_as_the_calendar_says() {
    for (tag, text, unix) in [
        (tag::UTC_TIME, "700101000000Z", 0),
        (tag::UTC_TIME, "000229120000Z", 951_825_600),
        (tag::UTC_TIME, "491231235959Z", 2_524_607_999),
        (tag::UTC_TIME, "500101000000Z", -631_152_000),
        (tag::GENERALIZED_TIME, "20500101000000Z", 2_524_608_000),
        (tag::GENERALIZED_TIME, "99991231235959Z", 253_402_300_799),
    ] {
        assert_eq!(time_of(tag, text), Ok(unix), "{text}");
    }
}

#[test]
fn malformed_times_are_refused() {
    for text in
        ["", "Z", "7001010000", "701301000000Z", "70010100000aZ", "700101000000+0100", "70010100000000Z"]
    {
        assert!(time_of(tag::UTC_TIME, text).is_err(), "{text}");
    }
}

#[test]
fn lengths_that_are_not_der_are_refused() {
    for bytes in
        [&[0x04, 0x81, 0x01, 0x00][..], &[0x04, 0x80], &[0x04, 0x82, 0x00, 0x80], &[0x1f, 0x81, 0x00, 0x00]]
    {
        assert!(Reader::new(bytes).any().is_err(), "{bytes:02x?}");
    }
}

proptest! {
    #[test]
    fn a_written_time_reads_back(unix in -631_152_000i64..=253_402_300_799) {
        let bytes = time::write(unix);
        prop_assert_eq!(time::read(Reader::new(&bytes).any().unwrap()), Ok(unix));
    }

    #[test]
    fn a_written_element_reads_back(content in proptest::collection::vec(any::<u8>(), 0..70_000)) {
        let bytes = octet_string(&content);
        prop_assert_eq!(Reader::whole(&bytes, tag::OCTET_STRING).map(|_| ()), Ok(()));
        prop_assert_eq!(Reader::new(&bytes).octets(), Ok(&content[..]));
    }

    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let mut reader = Reader::new(&bytes);
        while reader.any().is_ok() {}
    }
}
