//! The points of the server: places between a write and what follows from it, where a program that ends must leave
//! nothing lost. Tests end it at each (`tests/tests/kills`); the program itself does nothing there.
//!
//! A name is `work.thing.happened`: which work is under way, on what, and what has happened to it last. `decided` is
//! inside a transaction that is about to commit; `committed`, `stored` and `noted` are right after one.

macro_rules! points {
    ($( $(#[doc = $what:literal])+ $point:ident $name:literal; )+) => {
        /// A point. See the module.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Point {
            $( $(#[doc = $what])+ $point, )+
        }

        impl Point {
            /// Every point.
            pub const ALL: &'static [Point] = &[$( Point::$point, )+];

            /// Its name.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $( Point::$point => $name, )+
                }
            }

            /// What has just happened there.
            pub const fn what(self) -> &'static str {
                match self {
                    $( Point::$point => concat!($($what),+).trim_ascii(), )+
                }
            }
        }
    };
}

points! {
    /// The database is open and its schema is this program's.
    StartMigrated "start.schema.migrated";
    /// The default tenant is stored; it has no application yet.
    StartTenantMade "start.tenant.committed";
    /// The first application's credentials are kept; it is not stored.
    StartApplicationKept "start.application.kept";
    /// The first application is stored; nothing is served yet.
    StartApplicationMade "start.application.committed";

    /// A token's lease is taken; no run has begun.
    SyncLeased "sync.lease.committed";
    /// A run is stored as begun or taken up; Apple was not asked.
    SyncRunBegun "sync.run.committed";
    /// Apple has given a page; none of it is stored.
    SyncPageRead "sync.page.read";
    /// A page's rows, cursor and counts are written; nothing is committed.
    SyncPageDecided "sync.page.decided";
    /// A page is stored with its cursor; the next is not asked for.
    SyncPageStored "sync.page.committed";
    /// A run has ended; its lease is held still and nobody was woken.
    SyncRunEnded "sync.run.ended";

    /// A token's lease is taken; nothing was asked of Apple.
    AssignLeased "assign.lease.committed";
    /// Apple has defined a profile; its UUID is not stored.
    AssignProfileDefined "assign.profile.answered";
    /// A profile's UUID is stored; no serial has it.
    AssignProfileStored "assign.profile.committed";
    /// Apple has assigned serials; nothing of it is stored.
    AssignCallAnswered "assign.call.answered";
    /// What Apple answered for serials is stored; the next call was not made.
    AssignCallNoted "assign.call.committed";

    /// A device's enrolment profile and challenge are decided on; nothing is committed.
    EnrolProfileDecided "enrol.profile.decided";
    /// They are stored; the device has no answer.
    EnrolProfileStored "enrol.profile.committed";
    /// An identity and the use of its challenge are written; nothing is committed.
    EnrolIdentityDecided "enrol.identity.decided";
    /// They are stored; the device does not have its identity.
    EnrolIdentityStored "enrol.identity.committed";
    /// A device has said `Authenticate`; nothing is stored of it.
    EnrolAuthenticateHeard "enrol.authenticate.heard";
    /// `Authenticate` is stored; the device has no answer.
    EnrolAuthenticateStored "enrol.authenticate.committed";
    /// A device has said `TokenUpdate`; nothing is stored of it.
    EnrolTokenUpdateHeard "enrol.tokenUpdate.heard";
    /// `TokenUpdate` and the plan of setup are stored; the device has no answer and nobody was woken.
    EnrolTokenUpdateStored "enrol.tokenUpdate.committed";
    /// `CheckOut` is stored; the device has no answer.
    EnrolCheckOutStored "enrol.checkOut.committed";
    /// A step of setup is queued; nothing is committed.
    EnrolStepQueued "enrol.step.decided";
    /// `DeviceConfigured` is queued; nothing is committed.
    EnrolReleaseQueued "enrol.release.decided";
    /// A plan has moved on at its deadline; nobody was woken.
    EnrolDeadlineKept "enrol.deadline.committed";

    /// An administrator's command is queued; the administrator has no answer.
    CommandQueued "command.action.committed";
    /// A device has answered a command; nothing is stored of it.
    CommandAnswerHeard "command.answer.heard";
    /// What a device answered is stored; it has no answer.
    CommandAnswerStored "command.answer.committed";
    /// A command is marked as sent; the device does not have it.
    CommandHandedOut "command.handout.committed";
    /// Devices to wake are claimed; no push is sent.
    CommandWakesClaimed "command.wakes.committed";
    /// APNs has taken a push; nothing is stored of it.
    CommandPushed "command.push.answered";
}
