//! What an enrolled device sends: check-in messages (Apple: "Check-in", keys of `mdm/checkin/*.yaml`) and answers to
//! commands. Both may come to one URL; what is in the body tells them apart, since content types differ by client.

mod message;
pub mod reply;

pub use message::{
    Authenticate, CheckIn, DeclarativeManagement, GetToken, SetBootstrapToken, TokenUpdate, UserAuthenticate,
};

use crate::Error;
use crate::command::CommandAnswer;
use crate::guard::{Dictionary, Fields, parse_dictionary};

/// The largest body of a check-in message or an answer, in bytes. An `InstalledApplicationList` of 2,000 apps is about
/// 2 MB; a `ProfileList` and a `CertificateList` are smaller.
pub const MAX_BODY: usize = 4 << 20;

/// The longest identifier that is read, in bytes. UDIDs have 40, GUIDs 36, Managed Apple Accounts some more.
const MAX_ID: usize = 256;

/// Who speaks: a device, or a user's channel of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Enrollment {
    /// `UDID`, in device enrolment.
    pub udid: Option<String>,
    /// `EnrollmentID`, which stands for the UDID in user enrolment.
    pub enrollment_id: Option<String>,
    /// `UserID` of a user channel; the same fixed value for every user of a Shared iPad.
    pub user_id: Option<String>,
    /// `EnrollmentUserID`, which stands for the user id in user enrolment.
    pub enrollment_user_id: Option<String>,
    /// `UserShortName`; on a Shared iPad the Managed Apple Account.
    pub user_short_name: Option<String>,
    /// `UserLongName`.
    pub user_long_name: Option<String>,
}

impl Enrollment {
    fn read(fields: Fields<'_>) -> Result<Self, Error> {
        let enrollment = Self {
            udid: fields.opt_text("UDID", MAX_ID)?,
            enrollment_id: fields.opt_text("EnrollmentID", MAX_ID)?,
            user_id: fields.opt_text("UserID", MAX_ID)?,
            enrollment_user_id: fields.opt_text("EnrollmentUserID", MAX_ID)?,
            user_short_name: fields.opt_text("UserShortName", MAX_ID)?,
            user_long_name: fields.opt_text("UserLongName", MAX_ID)?,
        };
        if enrollment.device().is_empty() { Err(Error::Missing("UDID")) } else { Ok(enrollment) }
    }

    /// The device: its UDID, or the enrolment id that stands for it. Never empty once read.
    pub fn device(&self) -> &str {
        self.udid.as_deref().or(self.enrollment_id.as_deref()).unwrap_or_default()
    }

    /// The user whose channel this is; `None` on the device's own. On a Shared iPad the short name tells users apart.
    pub fn user(&self) -> Option<&str> {
        let id = self.user_id.as_deref().or(self.enrollment_user_id.as_deref())?;
        if id == SHARED_IPAD_USER { self.user_short_name.as_deref().or(Some(id)) } else { Some(id) }
    }
}

/// The `UserID` of every user of a Shared iPad.
pub const SHARED_IPAD_USER: &str = "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF";

/// A check-in message and who sends it.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckInMessage {
    /// Who.
    pub enrollment: Enrollment,
    /// What.
    pub message: CheckIn,
}

/// What came on the channel.
#[derive(Debug, Clone, PartialEq)]
pub enum ChannelMessage {
    /// `MessageType` is there.
    CheckIn(CheckInMessage),
    /// `Status` is there.
    Answer(CommandAnswer),
}

impl ChannelMessage {
    /// Reads a body of at most [`MAX_BODY`] bytes.
    ///
    /// # Errors
    /// Those of the [guard](crate::guard::parse_xml); [`Error::UnknownMessage`] if it has neither `MessageType` nor
    /// `Status`; [`Error::Missing`], [`Error::WrongType`] and [`Error::TooLong`] for its keys.
    pub fn parse(body: &[u8]) -> Result<Self, Error> {
        let dictionary = parse_dictionary(body, MAX_BODY)?;
        let enrollment = |dictionary: &Dictionary| Enrollment::read(Fields(dictionary));
        if dictionary.contains_key("MessageType") {
            let enrollment = enrollment(&dictionary)?;
            let message = CheckIn::read(Fields(&dictionary))?;
            return Ok(Self::CheckIn(CheckInMessage { enrollment, message }));
        }
        if dictionary.contains_key("Status") {
            let enrollment = enrollment(&dictionary)?;
            return CommandAnswer::read(enrollment, dictionary).map(Self::Answer);
        }
        Err(Error::UnknownMessage)
    }

    /// Who sends it.
    pub fn enrollment(&self) -> &Enrollment {
        match self {
            Self::CheckIn(message) => &message.enrollment,
            Self::Answer(answer) => &answer.enrollment,
        }
    }
}

#[cfg(test)]
mod tests;
