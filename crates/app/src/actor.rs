//! Who acts. Every use case takes one, so that one place decides who may do what.

use domain::TenantId;
use domain::access::Rights;

/// Who acts, and in which tenant. A use case never reaches beyond [`Actor::tenant`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The organisation that everything is done in.
    pub tenant: TenantId,
    /// Name for records: an application's, an administrator's, a loop's.
    pub name: String,
    /// What kind of caller.
    pub kind: ActorKind,
    /// What it may do, and which objects exist for it.
    pub rights: Rights,
}

/// What kind of caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ActorKind {
    /// A person who signed in.
    Admin,
    /// A program with a bearer token.
    Application,
    /// This server's own loops and the operator's offline commands.
    System,
    /// An enrolled or enrolling device.
    Device,
}

impl Actor {
    /// This server itself, acting for `tenant`.
    pub fn system(tenant: TenantId) -> Self {
        Self { tenant, name: "system".into(), kind: ActorKind::System, rights: Rights::all() }
    }

    /// Whether it may change what the organisation owns: everyone but a device.
    pub fn may_administer(&self) -> bool {
        !matches!(self.kind, ActorKind::Device)
    }

    /// Refuses devices.
    ///
    /// # Errors
    /// [`crate::AppError::Refused`].
    pub(crate) fn must_administer(&self) -> crate::Result<()> {
        if self.may_administer() {
            Ok(())
        } else {
            Err(crate::AppError::refused("a device changes nothing that the organisation owns"))
        }
    }
}
