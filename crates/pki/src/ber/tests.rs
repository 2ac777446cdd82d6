use super::*;
use proptest::prelude::*;

fn hex(text: &str) -> Vec<u8> {
    hex::decode(text.replace(' ', "")).unwrap()
}

#[test]
fn indefinite_lengths_and_pieces_become_der() {
    for (ber, der) in [
        ("30 80 02 01 05 00 00", "30 03 02 01 05"),
        ("24 80 04 01 61 04 02 62 63 00 00", "04 03 61 62 63"),
        ("24 80 24 80 04 01 61 00 00 04 01 62 00 00", "04 02 61 62"),
        ("24 05 04 01 61 04 00", "04 01 61"),
        ("a0 80 24 80 04 01 61 00 00 00 00", "a0 03 04 01 61"),
        ("04 81 01 61", "04 01 61"),
        // EncryptedContentInfo: OID, AlgorithmIdentifier, [0] in pieces.
        ("30 80 06 01 2a 30 00 a0 80 04 01 61 04 01 62 00 00 00 00", "30 09 06 01 2a 30 00 80 02 61 62"),
        ("30 0a 06 01 2a 30 00 a0 03 04 01 61", "30 08 06 01 2a 30 00 80 01 61"),
        // EncapsulatedContentInfo: OID, [0] wrapper.
        ("30 80 06 01 2a a0 80 24 80 04 01 61 00 00 00 00 00 00", "30 08 06 01 2a a0 03 04 01 61"),
    ] {
        assert_eq!(to_der(&hex(ber)).map(hex::encode), Ok(hex::encode(hex(der))), "{ber}");
    }
}

#[test]
fn what_is_not_ber_is_refused() {
    for ber in [
        "",
        "30",
        "30 80",
        "30 80 00",
        "30 05 02 01",
        "04 80 00 00",
        "00 00",
        "1f 81 00 00",
        "30 00 00",
        "24 03 02 01 05",
        "23 80 03 02 00 01 00 00",
        "30 02 00 00",
        "04 ff ff",
        "04 88 ff ff ff ff ff ff ff ff 00",
        "30 80 06 01 2a 30 00 a0 80 02 01 05 00 00 00 00",
    ] {
        assert!(to_der(&hex(ber)).is_err(), "{ber}");
    }
}

/// Refuses: A
#[test]
fn deep_nesting_is_refused_quickly() {
    for unit in [&[0x30, 0x80][..], &[0x24, 0x80], &[0xa0, 0x80], &[0x30, 0x84, 0, 1, 0, 0]] {
        let bomb = unit.repeat(100_000);
        let started = std::time::Instant::now();
        assert!(to_der(&bomb).is_err());
        assert!(started.elapsed().as_millis() < 50, "{unit:02x?}");
    }
}

#[test]
fn the_largest_message_is_read_quickly() {
    // Many tiny elements, as deep as allowed, all of indefinite length.
    let depth = MAX_DEPTH - 1;
    let mut message = [0x30, 0x80].repeat(depth);
    message.extend([4, 0].repeat((MAX_LEN - 4 * depth) / 2));
    message.extend([0, 0].repeat(depth));
    assert_eq!(message.len(), MAX_LEN);
    assert!(to_der(&message).is_ok());
    message.push(0);
    assert!(matches!(to_der(&message), Err(Error::TooLarge(_))));
}

proptest! {
    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = to_der(&bytes);
    }

    #[test]
    fn der_out_is_stable(bytes in proptest::collection::vec(
        prop_oneof![Just(0x30u8), Just(0x24), Just(0x04), Just(0x80), Just(0xa0), Just(0), Just(2), any::<u8>()], 0..60,
    )) {
        if let Ok(der) = to_der(&bytes) {
            prop_assert_eq!(to_der(&der), Ok(der));
        }
    }
}
