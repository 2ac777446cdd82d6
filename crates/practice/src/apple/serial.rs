//! Serial numbers and hardware addresses that look like Apple's, made from a number.

/// Letters and digits that Apple's serial numbers use: no `I`, no `O`.
const ALPHABET: &[u8] = b"0123456789ABCDEFGHJKLMNPQRSTUVWXYZ";

/// Length of a serial number of the randomised kind (2021 and later).
const SERIAL_CHARS: usize = 10;

/// The longest serial number practice Apple takes from outside. Apple's have 8 to 12 characters.
pub const SERIAL_CHARS_MAX: usize = 32;

/// A well mixed number from a counter (splitmix64), so that a rehearsal gets the same serials each time.
pub(crate) const fn mix(counter: u64) -> u64 {
    let mut z = counter.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// The serial number for that counter: ten characters, the first a letter.
pub fn serial_number(counter: u64) -> String {
    let mut bits = u128::from(mix(counter)) << 64 | u128::from(mix(!counter));
    let mut text = String::with_capacity(SERIAL_CHARS);
    let letters = ALPHABET.get(10..).unwrap_or(ALPHABET);
    for place in 0..SERIAL_CHARS {
        let set = if place == 0 { letters } else { ALPHABET };
        let base = set.len() as u128;
        let index = usize::try_from(bits % base).unwrap_or(0);
        bits /= base;
        text.push(char::from(set.get(index).copied().unwrap_or(b'X')));
    }
    text
}

/// A serial number as an admin types it: trimmed and in capitals. `None` when it cannot be one.
pub fn normalised(text: &str) -> Option<String> {
    let text = text.trim().trim_matches('"').trim();
    let plausible =
        (8..=SERIAL_CHARS_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    plausible.then(|| text.to_ascii_uppercase())
}

/// The serial numbers in a CSV text: the first column of each line, headings and blank lines left out.
///
/// Returns the serial numbers and, apart, the cells that are none.
pub fn from_csv(text: &str) -> (Vec<String>, Vec<String>) {
    let mut serials = Vec::new();
    let mut refused = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let cell = line.split([',', ';', '\t']).next().unwrap_or_default().trim();
        let cell = cell.trim_start_matches('\u{feff}');
        if cell.is_empty() {
            continue;
        }
        let heading = number == 0 && cell.to_ascii_lowercase().contains("serial");
        match normalised(cell) {
            _ if heading => {}
            Some(serial) => serials.push(serial),
            None => refused.push(cell.chars().take(SERIAL_CHARS_MAX).collect()),
        }
    }
    (serials, refused)
}

/// A fifteen-digit IMEI with its check digit (Luhn), of the test range `00`.
pub fn imei(counter: u64) -> String {
    let body = format!("00{:012}", mix(counter ^ 0x1de1) % 1_000_000_000_000);
    let sum: u32 = body
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, byte)| {
            let digit = u32::from(byte.saturating_sub(b'0'));
            match place % 2 {
                0 if digit * 2 > 9 => digit * 2 - 9,
                0 => digit * 2,
                _ => digit,
            }
        })
        .sum();
    format!("{body}{}", (10 - sum % 10) % 10)
}

/// A locally administered MAC address; `port` tells the ports of one device apart.
pub fn mac_address(counter: u64, port: u8) -> String {
    let [a, b, c, d, ..] = mix(counter ^ 0x3ac).to_be_bytes();
    format!("02:{port:02X}:{a:02X}:{b:02X}:{c:02X}:{d:02X}")
}

/// A 32-digit eSIM identifier.
pub fn eid(counter: u64) -> String {
    format!("89049032{:024}", u128::from(mix(counter ^ 0xe1d)) % 10_u128.pow(24))
}
