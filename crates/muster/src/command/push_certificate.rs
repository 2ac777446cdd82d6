//! `muster push-certificate`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::api::Api;
use crate::error::CliError;
use crate::output::say;
use crate::output::{self, Format};

const PATH: &str = "deviceManagement/applePushNotificationCertificate";

/// The Apple MDM push certificate.
#[derive(Debug, Subcommand)]
pub(crate) enum PushCertificate {
    /// Show it: topic, expiry, Apple ID.
    ///
    /// Example: muster push-certificate show
    Show,
    /// Print a signing request for the Apple Push Certificates Portal.
    ///
    /// Example: muster push-certificate request > muster.csr
    Request,
    /// Upload the certificate that the portal gave; a renewal must keep its topic.
    ///
    /// Example: muster push-certificate upload push.pem --apple-id admin@example.com
    Upload(Upload),
}

/// Arguments of `push-certificate upload`.
#[derive(Debug, Args)]
pub(crate) struct Upload {
    /// The .pem file.
    file: PathBuf,
    /// The Apple Account that made it: it alone can renew it.
    #[arg(long, value_name = "APPLE ID")]
    apple_id: String,
    /// Take a certificate of another topic: every enrolled device is lost and must be wiped.
    #[arg(long)]
    other_topic: bool,
}

/// Does it.
pub(crate) async fn run(push: PushCertificate, api: &Api, format: Format) -> Result<(), CliError> {
    match push {
        PushCertificate::Show => show(api, format).await,
        PushCertificate::Request => {
            let path = format!("{PATH}/downloadApplePushNotificationCertificateSigningRequest()");
            let request = api.get(&path).await?;
            say!("{}", request.get("value").and_then(Value::as_str).unwrap_or_default().trim_end());
            Ok(())
        }
        PushCertificate::Upload(upload) => {
            let pem =
                std::fs::read_to_string(&upload.file).map_err(|e| CliError::file("read", &upload.file, e))?;
            let body = json!({
                "appleIdentifier": upload.apple_id, "certificate": pem, "confirm": upload.other_topic
            });
            api.patch(PATH, &body).await.map_err(|error| error.confirmed_by("--other-topic"))?;
            show(api, format).await
        }
    }
}

async fn show(api: &Api, format: Format) -> Result<(), CliError> {
    let rows = [
        ("Topic", "topicIdentifier"),
        ("Apple ID", "appleIdentifier"),
        ("Expires", "expirationDateTime"),
        ("Serial number", "certificateSerialNumber"),
        ("Changed", "lastModifiedDateTime"),
    ];
    output::card(format, &api.get(PATH).await?, &rows);
    Ok(())
}
