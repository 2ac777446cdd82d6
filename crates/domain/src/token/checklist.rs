//! What must be so before a token is made (R5).

/// One thing that must be so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Prerequisite {
    /// R6.
    Consent,
    /// This server manages devices of the organisation.
    MdmAuthority,
    /// A valid push certificate.
    PushCertificate,
    /// A token.
    Token,
    /// Devices in Apple's programme: known after the first sync.
    Devices,
}

impl Prerequisite {
    /// Its word in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Consent => "consent",
            Self::MdmAuthority => "mdmAuthority",
            Self::PushCertificate => "pushCertificate",
            Self::Token => "token",
            Self::Devices => "devices",
        }
    }
}

/// What is so.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PrerequisiteFacts {
    /// An administrator has agreed (of this token, or of any).
    pub consent: bool,
    /// The organisation has a name on this server.
    pub mdm_authority: bool,
    /// There is a push certificate that has not run out.
    pub push_certificate: bool,
    /// A token has been accepted.
    pub token: bool,
    /// Apple has listed a device.
    pub devices: bool,
}

/// One line of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChecklistItem {
    /// What.
    pub item: Prerequisite,
    /// Whether it is so.
    pub done: bool,
    /// Whether a token cannot be made without it.
    pub blocks: bool,
    /// How it stands, and what to do.
    pub words: &'static str,
}

/// The list, in the order in which things are done.
pub fn checklist(facts: PrerequisiteFacts) -> [ChecklistItem; 5] {
    let item = |item, done, blocks, good, bad| ChecklistItem {
        item,
        done,
        blocks,
        words: if done { good } else { bad },
    };
    [
        item(
            Prerequisite::MdmAuthority,
            facts.mdm_authority,
            true,
            "this server manages the organisation's devices",
            "give the organisation a name: devices show who manages them",
        ),
        item(
            Prerequisite::PushCertificate,
            facts.push_certificate,
            true,
            "the push certificate is valid",
            "download the request, have it signed at identity.apple.com/pushcert and upload the certificate",
        ),
        item(
            Prerequisite::Consent,
            facts.consent,
            true,
            "an administrator has agreed to send information to Apple",
            "agree to send user and device information to Apple",
        ),
        item(
            Prerequisite::Token,
            facts.token,
            false,
            "a token has been accepted",
            "upload the public key at Apple, assign devices to the server there, download its token and upload it here",
        ),
        item(
            Prerequisite::Devices,
            facts.devices,
            false,
            "Apple has listed devices",
            "no device yet: assign devices to the server at Apple, then sync",
        ),
    ]
}

/// The first thing without which a token cannot be made.
pub fn first_unmet(facts: PrerequisiteFacts) -> Option<ChecklistItem> {
    checklist(facts).into_iter().find(|item| item.blocks && !item.done)
}
