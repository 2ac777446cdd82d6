//! Operations: what a right is about, one word each, as Intune writes them.
//!
//! The words were collected from what clients of Graph send (intune.md 8 marks Microsoft's own list as unverified).
//! What Intune has no word for begins with `Muster_`.

use std::fmt;

macro_rules! operations {
    ($( $name:ident $area:ident $resource:ident $action:ident $in_words:literal; )+) => {
        /// One thing that a right is about.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Operation {
            $(
                #[doc = $in_words]
                $name,
            )+
        }

        impl Operation {
            /// Every operation.
            pub const ALL: &'static [Operation] = &[$(Operation::$name),+];

            /// Its word in `allowedResourceActions` and `resourceOperations`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Operation::$name => operations!(@word $area $resource $action),)+
                }
            }

            /// `resource`: what it is done to.
            #[must_use]
            pub const fn resource(self) -> &'static str {
                match self {
                    $(Operation::$name => stringify!($resource),)+
                }
            }

            /// `actionName`: what is done.
            #[must_use]
            pub const fn action(self) -> &'static str {
                match self {
                    $(Operation::$name => stringify!($action),)+
                }
            }

            /// `description`, for people.
            #[must_use]
            pub const fn description(self) -> &'static str {
                match self {
                    $(Operation::$name => $in_words,)+
                }
            }
        }
    };
    (@word intune $resource:ident $action:ident) => {
        concat!("Microsoft.Intune_", stringify!($resource), "_", stringify!($action))
    };
    (@word muster $resource:ident $action:ident) => {
        concat!("Muster_", stringify!($resource), "_", stringify!($action))
    };
}

operations! {
    TokenRead intune EnrollmentProgramToken Read "See enrollment program tokens.";
    TokenCreate intune EnrollmentProgramToken Create "Add enrollment program tokens.";
    TokenUpdate intune EnrollmentProgramToken Update "Change and renew enrollment program tokens.";
    TokenDelete intune EnrollmentProgramToken Delete "Delete enrollment program tokens.";
    ProfileRead intune AppleEnrollmentProfiles Read "See enrollment profiles and policies.";
    ProfileCreate intune AppleEnrollmentProfiles Create "Add enrollment profiles and policies.";
    ProfileUpdate intune AppleEnrollmentProfiles Update "Change enrollment profiles and policies.";
    ProfileDelete intune AppleEnrollmentProfiles Delete "Delete enrollment profiles and policies.";
    ProfileAssign intune AppleEnrollmentProfiles Assign "Give profiles to devices, and choose the default.";
    SerialRead intune AppleDeviceSerialNumbers Read "See the devices that Apple lists.";
    SerialCreate intune AppleDeviceSerialNumbers Create "Import serial numbers.";
    SerialUpdate intune AppleDeviceSerialNumbers Update "Sync the list of devices, and change its rows.";
    SerialDelete intune AppleDeviceSerialNumbers Delete "Delete devices from the list.";
    SerialRelease intune AppleDeviceSerialNumbers Release "Release devices from the organisation at Apple, for good.";
    EnrollmentTimeGroup intune EnrollmentProfiles EnrollmentTimeMembershipAssign "Choose the group that a policy's devices join.";
    DeviceRead intune ManagedDevices Read "See enrolled devices.";
    DeviceUpdate intune ManagedDevices Update "Change what is noted of enrolled devices.";
    DeviceDelete intune ManagedDevices Delete "Delete enrolled devices.";
    Wipe intune RemoteTasks Wipe "Erase devices.";
    Retire intune RemoteTasks Retire "Take devices out of management.";
    RemoteLock intune RemoteTasks RemoteLock "Lock devices.";
    RebootNow intune RemoteTasks RebootNow "Restart devices.";
    ShutDown intune RemoteTasks ShutDown "Shut devices down.";
    ResetPasscode intune RemoteTasks ResetPasscode "Take passcodes away.";
    BypassActivationLock intune RemoteTasks BypassActivationLock "Get past Activation Lock.";
    SyncDevice intune RemoteTasks SyncDevice "Ask devices for news.";
    SetDeviceName intune RemoteTasks SetDeviceName "Rename devices.";
    OrganizationRead intune Organization Read "See the organisation, its push certificate, settings and alerts.";
    OrganizationUpdate intune Organization Update "Change the organisation, its push certificate and settings.";
    RoleRead intune Roles Read "See roles, their assignments and scope tags.";
    RoleCreate intune Roles Create "Add roles and scope tags.";
    RoleUpdate intune Roles Update "Change roles and scope tags.";
    RoleDelete intune Roles Delete "Delete roles and scope tags.";
    RoleAssign intune Roles Assign "Give roles to people.";
    AuditRead intune Audit Read "See the audit log.";
    GroupRead muster Groups Read "See groups and their members.";
    GroupUpdate muster Groups Update "Add, change and delete groups, and their members.";
    UserRead muster Users Read "See people.";
    UserUpdate muster Users Update "Add, change and delete people, and their ways to sign in.";
    ApplicationRead muster Applications Read "See the applications that may call the API.";
    ApplicationUpdate muster Applications Update "Add, change and delete applications, and their secrets.";
    EventRead muster Webhooks Read "See webhooks and what was delivered.";
    EventUpdate muster Webhooks Update "Add, change and delete webhooks.";
}

impl Operation {
    /// The operation with that word, in any case.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Operation> {
        Self::ALL.iter().copied().find(|operation| operation.as_str().eq_ignore_ascii_case(word))
    }

    /// Whether it changes nothing.
    #[must_use]
    pub const fn is_read(self) -> bool {
        let [b'R', b'e', b'a', b'd'] = self.action().as_bytes() else { return false };
        true
    }

    const fn bit(self) -> u64 {
        1 << self as u8
    }
}

// A set is 64 bits.
const _: () = assert!(Operation::ALL.len() <= 64);

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A set of operations.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Operations(u64);

impl Operations {
    /// None of them.
    pub const NONE: Operations = Operations(0);
    /// All of them.
    pub const ALL: Operations = Operations::of(Operation::ALL);

    /// These.
    #[must_use]
    pub const fn of(operations: &[Operation]) -> Operations {
        let mut bits = 0;
        let mut rest = operations;
        while let [first, others @ ..] = rest {
            bits |= first.bit();
            rest = others;
        }
        Operations(bits)
    }

    /// Those that change nothing.
    #[must_use]
    pub const fn reads() -> Operations {
        let mut bits = 0;
        let mut rest = Operation::ALL;
        while let [first, others @ ..] = rest {
            if first.is_read() {
                bits |= first.bit();
            }
            rest = others;
        }
        Operations(bits)
    }

    /// Whether it is among them.
    #[must_use]
    pub const fn contains(self, operation: Operation) -> bool {
        self.0 & operation.bit() != 0
    }

    /// Those of either.
    #[must_use]
    pub const fn with(self, others: Operations) -> Operations {
        Operations(self.0 | others.0)
    }

    /// Those in both.
    #[must_use]
    pub const fn both(self, others: Operations) -> Operations {
        Operations(self.0 & others.0)
    }

    /// Those of the first that are not in the second.
    #[must_use]
    pub const fn without(self, others: Operations) -> Operations {
        Operations(self.0 & !others.0)
    }

    /// One after another, in the order of the table.
    pub fn iter(self) -> impl Iterator<Item = Operation> {
        Operation::ALL.iter().copied().filter(move |operation| self.contains(*operation))
    }
}

impl FromIterator<Operation> for Operations {
    fn from_iter<I: IntoIterator<Item = Operation>>(operations: I) -> Self {
        operations.into_iter().fold(Self::NONE, |all, one| all.with(Self::of(&[one])))
    }
}

impl fmt::Debug for Operations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}
