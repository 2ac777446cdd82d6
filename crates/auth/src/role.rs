//! What a caller may do, in Graph's words.

/// A permission of an application, named as in Graph, so that an application that is set up for Graph asks for the
/// same here. `ReadWrite` includes `Read`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Look at tokens, profiles, serials, the push certificate and settings.
    ServiceConfigRead,
    /// Change them.
    ServiceConfigReadWrite,
    /// Look at enrolled devices.
    ManagedDevicesRead,
    /// Change them, and ask them for news.
    ManagedDevicesReadWrite,
    /// Wipe, lock, restart and the like.
    PrivilegedOperations,
}

impl Role {
    /// Every role.
    pub const ALL: [Role; 5] = [
        Role::ServiceConfigRead,
        Role::ServiceConfigReadWrite,
        Role::ManagedDevicesRead,
        Role::ManagedDevicesReadWrite,
        Role::PrivilegedOperations,
    ];

    /// Graph's word, as in a token's `roles`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Role::ServiceConfigRead => "DeviceManagementServiceConfig.Read.All",
            Role::ServiceConfigReadWrite => "DeviceManagementServiceConfig.ReadWrite.All",
            Role::ManagedDevicesRead => "DeviceManagementManagedDevices.Read.All",
            Role::ManagedDevicesReadWrite => "DeviceManagementManagedDevices.ReadWrite.All",
            Role::PrivilegedOperations => "DeviceManagementManagedDevices.PrivilegedOperations.All",
        }
    }

    /// Reads Graph's word in any case.
    pub fn from_graph(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str().eq_ignore_ascii_case(word))
    }

    /// Whether who holds this may do what `needed` allows.
    pub fn covers(self, needed: Role) -> bool {
        self == needed
            || matches!(
                (self, needed),
                (Role::ServiceConfigReadWrite, Role::ServiceConfigRead)
                    | (Role::ManagedDevicesReadWrite, Role::ManagedDevicesRead)
            )
    }
}
