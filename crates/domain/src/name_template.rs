//! Device names: the template of a profile (R49, L62) and the rules of a rename (L63, L64).

#[cfg(test)]
mod tests;

/// Longest device name, in characters, variables filled in (L62).
pub const NAME_LEN_MAX: usize = 63;
/// Longest serial number that Apple gives a device, in characters: what a template is checked with.
const SERIAL_LEN_MAX: usize = 12;
/// The variable for the kind of device.
const DEVICE_TYPE: &str = "DEVICETYPE";
/// The variable for the serial number.
const SERIAL: &str = "SERIAL";
/// Every word that `{{DEVICETYPE}}` can become; the longest counts when a template is checked.
const DEVICE_TYPES: [&str; 6] = ["iPhone", "iPad", "iPod", "Mac", "AppleTV", "AppleVision"];

/// Why a template or a name is refused. Reads on from "failed to use the name: it ...".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing, or white space only.
    #[error("is empty")]
    Empty,
    /// Too long with its variables filled in.
    #[error("comes to {0} characters with its variables filled in; at most {NAME_LEN_MAX} fit (L62)")]
    TooLong(usize),
    /// A variable that does not exist.
    #[error("has the variable {0:?}; there are {{{{DEVICETYPE}}}} and {{{{SERIAL}}}} (L62)")]
    UnknownVariable(String),
    /// `{{` without `}}`, or the other way round.
    #[error("has a brace pair that is not closed (L62)")]
    Unbalanced,
    /// A control character.
    #[error("has a control character")]
    Control,
    /// A rename takes fewer characters than a template.
    #[error("takes letters, digits and hyphens only (L64)")]
    Character,
    /// A rename of digits only.
    #[error("needs at least one letter or hyphen (L64)")]
    DigitsOnly,
}

enum Piece<'t> {
    Text(&'t str),
    DeviceType,
    Serial,
}

fn pieces(template: &str) -> Result<Vec<Piece<'_>>, NameError> {
    let mut found = Vec::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        let (name, tail) = after.split_once("}}").ok_or(NameError::Unbalanced)?;
        text(before, &mut found)?;
        found.push(variable(name)?);
        rest = tail;
    }
    text(rest, &mut found)?;
    Ok(found)
}

fn text<'t>(text: &'t str, found: &mut Vec<Piece<'t>>) -> Result<(), NameError> {
    if text.contains("}}") {
        return Err(NameError::Unbalanced);
    }
    if text.chars().any(char::is_control) {
        return Err(NameError::Control);
    }
    if !text.is_empty() {
        found.push(Piece::Text(text));
    }
    Ok(())
}

fn variable<'t>(name: &str) -> Result<Piece<'t>, NameError> {
    let name = name.trim();
    if name.eq_ignore_ascii_case(DEVICE_TYPE) {
        Ok(Piece::DeviceType)
    } else if name.eq_ignore_ascii_case(SERIAL) {
        Ok(Piece::Serial)
    } else {
        Err(NameError::UnknownVariable(name.chars().take(NAME_LEN_MAX).collect()))
    }
}

fn longest_device_type() -> usize {
    DEVICE_TYPES.iter().map(|word| word.len()).max().unwrap_or(0)
}

/// Whether a profile may have this template: variables known in any case, and at most [`NAME_LEN_MAX`] characters both
/// as written and with the longest values filled in (L62).
///
/// # Errors
/// The first rule that it breaks.
pub fn check(template: &str) -> Result<(), NameError> {
    if template.trim().is_empty() {
        return Err(NameError::Empty);
    }
    let filled = pieces(template)?.iter().fold(0, |sum, piece| {
        sum + match piece {
            Piece::Text(text) => text.chars().count(),
            Piece::DeviceType => longest_device_type(),
            Piece::Serial => SERIAL_LEN_MAX,
        }
    });
    let length = filled.max(template.chars().count());
    if length > NAME_LEN_MAX { Err(NameError::TooLong(length)) } else { Ok(()) }
}

/// What `{{DEVICETYPE}}` becomes, from Apple's `device_family` or the device's own `ProductName` or `ModelName`.
pub fn device_type(words: &str) -> &'static str {
    let folded: String =
        words.chars().filter(|c| c.is_ascii_alphanumeric()).take(64).collect::<String>().to_ascii_lowercase();
    match folded.as_str() {
        w if w.starts_with("iphone") => "iPhone",
        w if w.starts_with("ipad") => "iPad",
        w if w.starts_with("ipod") => "iPod",
        w if w.starts_with("appletv") => "AppleTV",
        w if w.starts_with("vision") || w.starts_with("applevision") || w.starts_with("realitydevice") => {
            "AppleVision"
        }
        w if w.contains("mac") => "Mac",
        _ => "Device",
    }
}

/// Fills in a template. A template that [`check`] refuses gives no name; a longer result is cut at [`NAME_LEN_MAX`].
pub fn render(template: &str, device_type: &str, serial: &str) -> Option<String> {
    let mut name = String::new();
    for piece in pieces(template).ok()? {
        match piece {
            Piece::Text(text) => name.push_str(text),
            Piece::DeviceType => name.push_str(device_type),
            Piece::Serial => name.push_str(serial),
        }
    }
    let name: String = name.trim().chars().take(NAME_LEN_MAX).collect();
    (!name.is_empty()).then_some(name)
}

/// Whether an administrator may give a device this name (`setDeviceName`, L64).
///
/// # Errors
/// The first rule that it breaks.
pub fn check_rename(name: &str) -> Result<(), NameError> {
    let length = name.chars().count();
    if length == 0 {
        return Err(NameError::Empty);
    }
    if length > NAME_LEN_MAX {
        return Err(NameError::TooLong(length));
    }
    if !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
        return Err(NameError::Character);
    }
    if name.bytes().all(|b| b.is_ascii_digit()) {
        return Err(NameError::DigitsOnly);
    }
    Ok(())
}

/// What decides a device's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Naming<'a> {
    /// The template of its profile, if it applies one.
    pub template: Option<&'a str>,
    /// The name an administrator chose for this one device: it wins over the template (L63).
    pub name_override: Option<&'a str>,
    /// What `{{DEVICETYPE}}` becomes.
    pub device_type: &'a str,
    /// What `{{SERIAL}}` becomes.
    pub serial: &'a str,
    /// Whether the device is supervised; others cannot be renamed (L62).
    pub supervised: bool,
}

impl Naming<'_> {
    /// The name that the device should have; none: leave it alone.
    pub fn wanted(&self) -> Option<String> {
        if !self.supervised {
            return None;
        }
        match (self.name_override, self.template) {
            (Some(name), _) => Some(name.to_owned()),
            (None, Some(template)) => render(template, self.device_type, self.serial),
            (None, None) => None,
        }
    }

    /// The name to send now, seeing the one that the device says it has (R49: at every check-in).
    pub fn rename_from(&self, shown: &str) -> Option<String> {
        self.wanted().filter(|wanted| wanted != shown)
    }
}
