//! `muster profiles`.

use std::io::Read as _;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Map, Value, json};

use super::{devices, tokens};
use crate::api::Api;
use crate::error::CliError;
use crate::output::say;
use crate::output::{self, Format};

/// Enrollment profiles.
#[derive(Debug, Subcommand)]
pub(crate) enum Profiles {
    /// List the profiles of every token, or of one.
    ///
    /// Example: muster profiles list
    List {
        /// The token's id, or its name.
        token: Option<String>,
    },
    /// Show one profile with all its settings, as JSON.
    ///
    /// Example: muster profiles show "Reception iPads"
    Show {
        /// The profile's id, or its name.
        profile: String,
    },
    /// Make a profile.
    ///
    /// Example: muster profiles create "Head office" "Reception iPads" --platform ios --supervised --locked
    ///   --await --name-template "{{DEVICETYPE}}-{{SERIAL}}" --hide Siri --hide Payment
    Create(Box<Create>),
    /// Change settings of a profile; takes effect after a wipe, but for the name template.
    ///
    /// Example: muster profiles update "Reception iPads" --set supportPhoneNumber='"+44 20 7946 0000"'
    Update(Update),
    /// Delete a profile that no device waits for.
    ///
    /// Example: muster profiles delete "Reception iPads"
    Delete {
        /// The profile's id, or its name.
        profile: String,
    },
    /// Make a profile its token's default for its platform.
    ///
    /// Example: muster profiles set-default "Reception iPads"
    SetDefault {
        /// The profile's id, or its name.
        profile: String,
    },
    /// Assign a profile to serials; the same as `devices assign`.
    ///
    /// Example: muster profiles assign "Reception iPads" C8TJ500QF1MN
    Assign {
        /// The profile's id, or its name.
        profile: String,
        /// Serial numbers.
        #[arg(required = true)]
        serials: Vec<String>,
    },
}

/// A platform, in Graph's words.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Platform {
    /// iPhone and iPad.
    Ios,
    /// Mac.
    Macos,
    /// Apple TV.
    Tvos,
    /// Apple Vision.
    Visionos,
}

impl Platform {
    fn odata_type(self) -> &'static str {
        match self {
            Platform::Ios => "#microsoft.graph.depIOSEnrollmentProfile",
            Platform::Macos => "#microsoft.graph.depMacOSEnrollmentProfile",
            Platform::Tvos => "#microsoft.graph.depTvOSEnrollmentProfile",
            Platform::Visionos => "#microsoft.graph.depVisionOSEnrollmentProfile",
        }
    }
}

/// Arguments of `profiles create`.
#[derive(Debug, Args)]
pub(crate) struct Create {
    /// The token's id, or its name.
    token: String,
    /// The profile's name.
    name: String,
    /// For which devices.
    #[arg(long, value_enum)]
    platform: Platform,
    /// Supervised.
    #[arg(long)]
    supervised: bool,
    /// Locked enrolment: the person cannot remove management.
    #[arg(long)]
    locked: bool,
    /// Hold Setup Assistant until everything is in place.
    #[arg(long = "await")]
    await_configuration: bool,
    /// Name for devices, of {{DEVICETYPE}} and {{SERIAL}}.
    #[arg(long, value_name = "TEMPLATE")]
    name_template: Option<String>,
    /// Hide a screen of Setup Assistant, by Apple's skip key.
    #[arg(long = "hide", value_name = "KEY")]
    hidden: Vec<String>,
    /// Any other setting, as NAME=JSON.
    #[arg(long = "set", value_name = "NAME=JSON")]
    settings: Vec<String>,
    /// All settings, as a file of JSON in Graph's words; `-` for standard input.
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    /// Make it the token's default for its platform.
    #[arg(long)]
    default: bool,
}

/// Arguments of `profiles update`.
#[derive(Debug, Args)]
pub(crate) struct Update {
    /// The profile's id, or its name.
    profile: String,
    /// A setting, as NAME=JSON.
    #[arg(long = "set", value_name = "NAME=JSON", required = true)]
    settings: Vec<String>,
}

/// Does it.
pub(crate) async fn run(profiles: Profiles, api: &Api, format: Format) -> Result<(), CliError> {
    match profiles {
        Profiles::List { token } => list(token.as_deref(), api, format).await,
        Profiles::Show { profile } => {
            output::json(&api.get(&path(&find(api, &profile).await?)?).await?);
            Ok(())
        }
        Profiles::Create(create) => self::create(*create, api, format).await,
        Profiles::Update(update) => self::update(update, api, format).await,
        Profiles::Delete { profile } => {
            api.delete(&path(&find(api, &profile).await?)?).await?;
            output::done(format, "Deleted.");
            Ok(())
        }
        Profiles::Assign { profile, serials } => devices::assign_to(&profile, &serials, api, format).await,
        Profiles::SetDefault { profile } => {
            let path = path(&find(api, &profile).await?)?;
            api.post(&format!("{path}/setDefaultProfile"), &json!({})).await?;
            output::done(
                format,
                "It now holds for every device that never enrolled and has no profile of its own.",
            );
            Ok(())
        }
    }
}

/// The id (`{token}_{profile}`) behind a name or an id.
pub(crate) async fn find(api: &Api, profile: &str) -> Result<String, CliError> {
    let profiles = every(api, None).await?;
    let text = |p: &Value, name: &str| p.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let fits = |p: &&Value| {
        let id = text(p, "id");
        id == profile || id.split('_').next_back() == Some(profile) || text(p, "displayName") == profile
    };
    let matches: Vec<&Value> = profiles.iter().filter(fits).collect();
    match matches.as_slice() {
        [one] => Ok(text(one, "id")),
        [] => Err(CliError::Words(format!(
            "no profile is called {profile:?}: `muster profiles list` shows them"
        ))),
        _ => Err(CliError::Words(format!("several profiles are called {profile:?}: give the id"))),
    }
}

fn path(id: &str) -> Result<String, CliError> {
    let (token, _) =
        id.split_once('_').ok_or_else(|| CliError::Words(format!("{id} is not a profile's id")))?;
    Ok(format!("deviceManagement/depOnboardingSettings/{token}/enrollmentProfiles/{id}"))
}

async fn every(api: &Api, token: Option<&str>) -> Result<Vec<Value>, CliError> {
    let tokens = match token {
        Some(token) => vec![json!({ "id": tokens::find(api, token).await?, "tokenName": token })],
        None => api.all("deviceManagement/depOnboardingSettings").await?,
    };
    let mut profiles = Vec::new();
    for token in &tokens {
        let id = token.get("id").and_then(Value::as_str).unwrap_or_default();
        for mut profile in
            api.all(&format!("deviceManagement/depOnboardingSettings/{id}/enrollmentProfiles")).await?
        {
            if let Some(fields) = profile.as_object_mut() {
                fields.insert("tokenName".into(), token.get("tokenName").cloned().unwrap_or_default());
            }
            profiles.push(profile);
        }
    }
    Ok(profiles)
}

async fn list(token: Option<&str>, api: &Api, format: Format) -> Result<(), CliError> {
    let profiles = every(api, token).await?;
    let columns = [
        ("name", "displayName"),
        ("type", "@odata.type"),
        ("token", "tokenName"),
        ("default", "isDefault"),
        ("locked", "profileRemovalDisabled"),
        ("name template", "deviceNameTemplate"),
        ("id", "id"),
    ];
    output::rows(format, &profiles, &columns, "No profiles yet: `muster profiles create`.");
    Ok(())
}

async fn create(create: Create, api: &Api, format: Format) -> Result<(), CliError> {
    let token = tokens::find(api, &create.token).await?;
    let mut body = match &create.from {
        Some(path) => read_json(path)?,
        None => Map::new(),
    };
    body.insert("@odata.type".into(), create.platform.odata_type().into());
    body.insert("displayName".into(), create.name.into());
    let flags = [
        ("supervisedModeEnabled", create.supervised || create.locked),
        ("profileRemovalDisabled", create.locked),
        ("awaitDeviceConfiguredConfirmation", create.await_configuration),
    ];
    for (name, on) in flags.into_iter().filter(|(_, on)| *on) {
        body.insert(name.into(), on.into());
    }
    if let Some(template) = create.name_template {
        body.insert("deviceNameTemplate".into(), template.into());
    }
    if !create.hidden.is_empty() {
        body.insert("enabledSkipKeys".into(), create.hidden.into());
    }
    settings(&create.settings, &mut body)?;
    let collection = format!("deviceManagement/depOnboardingSettings/{token}/enrollmentProfiles");
    let profile = api.post(&collection, &Value::Object(body)).await?;
    let id = profile.get("id").and_then(Value::as_str).unwrap_or_default();
    if create.default {
        api.post(&format!("{collection}/{id}/setDefaultProfile"), &json!({})).await?;
    }
    match format {
        Format::Json => output::json(&profile),
        Format::People => say!("Made profile {id}."),
    }
    warn(api, id).await;
    Ok(())
}

/// Says, apart from the answer, what is allowed in a profile and worth a second look.
async fn warn(api: &Api, id: &str) {
    let warnings = match api.all(&format!("muster/profiles/{id}/warnings")).await {
        Ok(warnings) => warnings,
        // The profile is as it was asked for: that its warnings are missing does not make it a failure.
        Err(error) => return output::note(&format!("its warnings could not be read: {error}")),
    };
    for warning in &warnings {
        let text = |name: &str| warning.get(name).and_then(Value::as_str).unwrap_or_default();
        output::note(&format!("{}: {} ({})", text("setting"), text("words"), text("requirement")));
    }
}

async fn update(update: Update, api: &Api, format: Format) -> Result<(), CliError> {
    let id = find(api, &update.profile).await?;
    let path = path(&id)?;
    let current = api.get(&path).await?;
    let mut body = Map::new();
    body.insert("@odata.type".into(), current.get("@odata.type").cloned().unwrap_or_default());
    settings(&update.settings, &mut body)?;
    api.patch(&path, &Value::Object(body)).await?;
    output::done(
        format,
        "Changed. Devices that have activated keep what they have until they are wiped; a name template holds at the next check-in.",
    );
    warn(api, &id).await;
    Ok(())
}

fn settings(pairs: &[String], body: &mut Map<String, Value>) -> Result<(), CliError> {
    for pair in pairs {
        let (name, value) =
            pair.split_once('=').ok_or_else(|| CliError::Words(format!("{pair:?} is not NAME=JSON")))?;
        // A bare word is a string: quoting JSON in a shell is a nuisance.
        body.insert(name.to_owned(), serde_json::from_str(value).unwrap_or_else(|_| value.into()));
    }
    Ok(())
}

fn read_json(path: &std::path::Path) -> Result<Map<String, Value>, CliError> {
    let mut text = String::new();
    let read = match path.as_os_str() == "-" {
        true => std::io::stdin().read_to_string(&mut text).map(|_| ()),
        false => std::fs::read_to_string(path).map(|t| text = t),
    };
    read.map_err(|e| CliError::file("read", path, e))?;
    serde_json::from_str(&text)
        .map_err(|e| CliError::Words(format!("{} is not a JSON object: {e}", path.display())))
}
