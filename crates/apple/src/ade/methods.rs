//! The calls of the service, one method each (Apple: "Device Assignment").

use std::sync::atomic::Ordering;

use http::Method;
use mdm::ade::{
    AccountDetail, AccountDrivenEnrollmentProfile, ActivationLockRequest, ActivationLockResponse,
    AssignmentRequest, AssignmentResponse, DefineProfileResponse, DeviceListRequest, DeviceListResponse,
    DeviceStatusResponse, ErrorToken, FetchDeviceRequest, FetchDeviceResponse, MAX_DEVICES_PER_CALL, Profile,
    ReplacementDetails, SeedBuildTokens,
};

use super::call::Call;
use super::{AdeError, Client};

/// Most devices in a page.
const LARGEST_PAGE: u32 = 1000;
/// Longest cursor kept, bytes. Apple says up to 1,000 characters.
const LONGEST_CURSOR: usize = 4096;

const DISCOVERY: &str = "/account-driven-enrollment/profile";

impl Client {
    /// Which organisation and server the token stands for.
    ///
    /// # Errors
    /// See [`AdeError`], as for all calls.
    pub async fn account(&self) -> Result<AccountDetail, AdeError> {
        self.ask(Call::get("/account")).await
    }

    /// A page of all devices; the first without a cursor. [`super::CursorProblem::Exhausted`] means: go on with
    /// [`Client::sync_devices`]. `limit` is brought into 1 to 1,000.
    ///
    /// # Errors
    /// See [`AdeError`].
    pub async fn fetch_devices(
        &self,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<FetchDeviceResponse, AdeError> {
        self.page("/server/devices", cursor, limit).await
    }

    /// A page of what has changed since `cursor`. `limit` is brought into 1 to 1,000.
    ///
    /// # Errors
    /// See [`AdeError`].
    pub async fn sync_devices(&self, cursor: &str, limit: u32) -> Result<FetchDeviceResponse, AdeError> {
        self.page("/devices/sync", Some(cursor), limit).await
    }

    async fn page(
        &self,
        path: &'static str,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<FetchDeviceResponse, AdeError> {
        let request = FetchDeviceRequest {
            cursor: cursor.map(str::to_owned),
            limit: Some(limit.clamp(1, LARGEST_PAGE)),
        };
        let page: FetchDeviceResponse = self.ask(Call::with_json(Method::POST, path, &request)?).await?;
        if let Some(first) = page.unreadable.first() {
            let (count, serial, why) = (page.unreadable.len(), first.serial_number.as_deref(), &first.why);
            tracing::warn!(path, count, serial, why, "Apple sent devices that cannot be read");
        }
        match page.cursor.len() {
            _ if page.cursor.chars().any(char::is_control) => {
                Err(AdeError::Protocol { words: "a cursor with characters of control".to_owned() })
            }
            // A whole answer always has one. Half of one, or some proxy's `{}`, must not pass for "no devices".
            0 => Err(AdeError::Protocol { words: "a page without a cursor".to_owned() }),
            1..=LONGEST_CURSOR => Ok(page),
            _ => Err(AdeError::Protocol { words: "a cursor without end".to_owned() }),
        }
    }

    /// What Apple knows of 1 to 1,000 devices.
    ///
    /// # Errors
    /// See [`AdeError`].
    pub async fn device_details(&self, serials: &[String]) -> Result<DeviceListResponse, AdeError> {
        self.ask(Call::with_json(Method::POST, "/devices", &list(serials)?)?).await
    }

    /// Gives devices up for good: only who sold them or Apple Configurator can bring them back. 1 to 1,000.
    ///
    /// # Errors
    /// See [`AdeError`].
    pub async fn disown(&self, serials: &[String]) -> Result<DeviceStatusResponse, AdeError> {
        self.ask(Call::with_json(Method::POST, "/devices/disown", &list(serials)?)?).await
    }

    /// Makes a profile at Apple. It can be neither changed nor deleted there; a change is a new profile.
    ///
    /// # Errors
    /// See [`AdeError`]; [`AdeError::Invalid`] tells which field Apple does not like.
    pub async fn define_profile(&self, profile: &Profile) -> Result<DefineProfileResponse, AdeError> {
        at_most_a_thousand(profile.devices.len())?;
        self.ask(Call::with_json(Method::POST, "/profile", profile)?).await
    }

    /// The profile as Apple has it.
    ///
    /// # Errors
    /// See [`AdeError`].
    pub async fn get_profile(&self, uuid: &str) -> Result<Profile, AdeError> {
        self.ask(Call::get("/profile").asking("profile_uuid", uuid)).await
    }

    /// Assigns a profile to 1 to 1,000 devices. The answer tells for each what became of it.
    ///
    /// Apple's documents say POST, every client in the field says PUT: PUT, and POST if that is refused.
    ///
    /// # Errors
    /// See [`AdeError`].
    pub async fn assign_profile(
        &self,
        uuid: &str,
        serials: &[String],
    ) -> Result<AssignmentResponse, AdeError> {
        let request = assignment(Some(uuid), serials)?;
        let call = |method| Call::with_json(method, "/profile/devices", &request);
        if !self.0.assign_by_post.load(Ordering::Relaxed) {
            match self.ask(call(Method::PUT)?).await {
                Err(AdeError::MethodNotAllowed { .. }) => {
                    self.0.assign_by_post.store(true, Ordering::Relaxed);
                }
                answered => return answered,
            }
        }
        self.ask(call(Method::POST)?).await
    }

    /// Takes the profile from 1 to 1,000 devices. One that has fetched it keeps it until it is wiped.
    ///
    /// # Errors
    /// See [`AdeError`].
    pub async fn remove_profile(
        &self,
        uuid: Option<&str>,
        serials: &[String],
    ) -> Result<AssignmentResponse, AdeError> {
        let request = assignment(uuid, serials)?;
        self.ask(Call::with_json(Method::DELETE, "/profile/devices", &request)?).await
    }

    /// Locks a device to the organisation.
    ///
    /// # Errors
    /// See [`AdeError`]; whether it was locked is in the answer.
    pub async fn activation_lock(
        &self,
        request: &ActivationLockRequest,
    ) -> Result<ActivationLockResponse, AdeError> {
        self.ask(Call::with_json(Method::POST, "/device/activationlock", request)?).await
    }

    /// Which device a repaired one replaces (protocol 10).
    ///
    /// # Errors
    /// See [`AdeError`]; [`AdeError::NotFound`] if it replaces none.
    pub async fn replacement_details(&self, serial: &str) -> Result<ReplacementDetails, AdeError> {
        self.ask(Call::get("/device/replacementDetails").asking("device", serial)).await
    }

    /// Where devices of the organisation's accounts find their server; `None` if that was never set.
    ///
    /// # Errors
    /// See [`AdeError`].
    pub async fn discovery(&self) -> Result<Option<AccountDrivenEnrollmentProfile>, AdeError> {
        match self.ask(Call::get(DISCOVERY)).await {
            Ok(found) => Ok(Some(found)),
            Err(AdeError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Sets where devices of the organisation's accounts find their server.
    ///
    /// # Errors
    /// See [`AdeError`].
    pub async fn set_discovery(&self, url: &str) -> Result<(), AdeError> {
        let body = AccountDrivenEnrollmentProfile {
            mdm_service_discovery_url: url.to_owned(),
            ..AccountDrivenEnrollmentProfile::default()
        };
        self.tell(Call::with_json(Method::POST, DISCOVERY, &body)?).await?;
        Ok(())
    }

    /// Unsets where devices of the organisation's accounts find their server.
    ///
    /// # Errors
    /// See [`AdeError`].
    pub async fn clear_discovery(&self) -> Result<(), AdeError> {
        self.tell(Call { method: Method::DELETE, ..Call::get(DISCOVERY) }).await?;
        Ok(())
    }

    /// The beta programmes devices may be put in; `None` if the organisation has turned them off.
    ///
    /// # Errors
    /// See [`AdeError`].
    pub async fn beta_tokens(&self) -> Result<Option<SeedBuildTokens>, AdeError> {
        match self.ask(Call::get("/os-beta-enrollment/tokens")).await {
            Ok(found) => Ok(Some(found)),
            Err(AdeError::Invalid { token: ErrorToken::AppleSeedForItTurnedOff, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn list(serials: &[String]) -> Result<DeviceListRequest, AdeError> {
    within_a_thousand(serials)?;
    Ok(DeviceListRequest { devices: serials.to_vec() })
}

fn assignment(uuid: Option<&str>, serials: &[String]) -> Result<AssignmentRequest, AdeError> {
    within_a_thousand(serials)?;
    Ok(AssignmentRequest { profile_uuid: uuid.map(str::to_owned), devices: serials.to_vec() })
}

fn within_a_thousand(serials: &[String]) -> Result<(), AdeError> {
    match serials.len() {
        0 => Err(AdeError::Devices { given: 0 }),
        given => at_most_a_thousand(given),
    }
}

/// Apple answers a longer list with an error for all of it.
fn at_most_a_thousand(given: usize) -> Result<(), AdeError> {
    if given > MAX_DEVICES_PER_CALL {
        return Err(AdeError::Devices { given });
    }
    Ok(())
}
