//! The addresses: whether this server listens, and whether its public URLs lead to it as their clients would go.

use std::net::{IpAddr, SocketAddr, TcpListener};

use domain::Time;
use domain::checkup::{Finding, ServerCertificate, server_certificate};
use net::Clock;
use net::client::probe::{Blocked, Distrust, Look, Seen, look};
use pki::x509::Certificate;

use super::{Door, STEP, Subject, in_time, now, trust};
use crate::loops::node;

/// What was found at the addresses.
pub(super) struct Found {
    pub(super) findings: Vec<Finding>,
    /// Nobody answers where the API is to be.
    pub(super) nobody: bool,
}

/// Both listeners and both URLs. Whether a server runs is asked of whoever listens: its lock is left alone, since a server
/// that starts in that moment would find it taken.
pub(super) async fn examine(subject: &Subject, clock: &Clock) -> Found {
    let at = here(subject.api.listen);
    match ask(&subject.api, at).await {
        Err(Blocked::Connect { .. }) => Found { findings: without(subject), nobody: true },
        asked => {
            let server = of_server(&subject.api, at, asked);
            let (api, devices) = tokio::join!(
                public("addresses.api", &subject.api, clock),
                public("addresses.devices", &subject.devices, clock),
            );
            Found { findings: vec![server, api, devices], nobody: false }
        }
    }
}

const READY: &str = "server.ready";

/// Without a server: whether it could listen.
fn without(subject: &Subject) -> Vec<Finding> {
    let api = subject.api.listen;
    let addresses = [Some(api), Some(subject.devices.listen), subject.health];
    let taken = |listen| taken(listen, api);
    let mut findings: Vec<_> = addresses.into_iter().flatten().filter_map(taken).collect();
    if findings.is_empty() {
        let found = format!("no server of these settings is running: nobody answers on {api}");
        let advice = "systemctl start muster, or muster serve with the same --config; the addresses are looked at while it runs";
        findings.push(Finding::warning(READY, found, advice));
    }
    findings
}

/// The same, when a server has said in the database that it lives.
pub(super) fn elsewhere(found: &mut Found, subject: &Subject, servers: usize) {
    if !found.nobody || servers == 0 {
        return;
    }
    for finding in found.findings.iter_mut().filter(|finding| finding.check == READY) {
        *finding = Finding::warning(
            READY,
            format!(
                "a server works on this database, or was killed in the last {} s, and nobody answers on {} here",
                node::LEASE.as_secs(),
                subject.api.listen
            ),
            "give doctor the settings that it was started with; if it is at another machine, ask there; if it was killed, start it",
        );
    }
}

fn taken(listen: SocketAddr, api: SocketAddr) -> Option<Finding> {
    let port = listen.port();
    let error = TcpListener::bind(listen).err()?;
    let (found, advice) = match error.kind() {
        std::io::ErrorKind::AddrInUse => (
            format!(
                "something listens on {listen} already, and no server of these settings answers on {api}"
            ),
            format!(
                "see what it is with `ss -ltnp sport = :{port}`: if it is this server, give doctor the settings that it was \
                 started with; if not, end it, or set another `listen`"
            ),
        ),
        std::io::ErrorKind::AddrNotAvailable => (
            format!("this machine has no address {}", listen.ip()),
            "set `listen` to an address of this machine, or 0.0.0.0 for all".to_owned(),
        ),
        // Who asks may not be allowed what the server's user is.
        _ => return None,
    };
    Some(Finding::problem("server.listen", found, advice))
}

/// What whoever listens says of itself.
async fn ask(door: &Door, at: SocketAddr) -> Result<Seen, Blocked> {
    let url = match door.tls {
        true => format!("{}/readyz", door.url),
        false => format!("http://{at}/readyz"),
    };
    let looking = Look { url, at: Some(at), trust: trust(door.anchors.as_deref()), patience: STEP };
    match in_time(look(&looking)).await {
        Some(asked) => asked,
        None => Err(Blocked::Answer { host: at.to_string(), words: "none came in time".into() }),
    }
}

/// Whether it is the server, and can work.
fn of_server(door: &Door, at: SocketAddr, asked: Result<Seen, Blocked>) -> Finding {
    let stranger = |what: String| {
        let advice = format!(
            "see what it is with `ss -ltnp sport = :{}`: if it is this server, it hangs, or doctor has other settings than it was \
             started with; if not, end it, or set another `listen`",
            at.port()
        );
        Finding::problem("server.listen", format!("what listens on {at} {what}"), advice)
    };
    match asked {
        Ok(seen) if seen.status == 200 && seen.body.starts_with("ready") => {
            Finding::ok(READY, format!("the server on {at} is ready"))
        }
        Ok(seen) if seen.status == 503 && seen.body.starts_with("not ready") => Finding::problem(
            READY,
            format!("the server on {at} is not ready: {}", seen.body.trim()),
            "see its log for errors of the last minutes; /metrics says which work loop fails",
        ),
        Ok(seen) => stranger(format!("answers {} as this server does not", seen.status)),
        Err(Blocked::Distrusted { certificate, .. }) if door.own && !is_of(door, certificate.as_deref()) => {
            stranger("shows a certificate that is not of this server's own authority".into())
        }
        // It answers; what is wrong with its certificate is told of its URL.
        Err(Blocked::Distrusted { .. }) => {
            Finding::ok(READY, format!("a server listens on {at}; its certificate is another matter"))
        }
        Err(error) => stranger(format!("does not answer as this server does: failed to {error}")),
    }
}

/// Whether the server's own authority issued what was shown.
fn is_of(door: &Door, shown: Option<&[u8]>) -> bool {
    let own = door.anchors.as_deref().and_then(|pem| Certificate::from_pem(pem).ok());
    let shown = shown.and_then(|der| Certificate::from_der(der).ok());
    matches!((own, shown), (Some(own), Some(shown)) if shown.verify_signature(own.public_key()).is_ok())
}

/// Where this machine reaches a listener of its own.
fn here(listen: SocketAddr) -> SocketAddr {
    match listen {
        SocketAddr::V4(v4) if v4.ip().is_unspecified() => ([127, 0, 0, 1], v4.port()).into(),
        SocketAddr::V6(v6) if v6.ip().is_unspecified() => (std::net::Ipv6Addr::LOCALHOST, v6.port()).into(),
        other => other,
    }
}

/// Whether a public URL leads here, as its clients would go.
async fn public(check: &'static str, door: &Door, clock: &Clock) -> Finding {
    let url = format!("{}/healthz", door.url);
    let looking = Look { url, at: None, trust: trust(door.anchors.as_deref()), patience: STEP };
    match in_time(look(&looking)).await {
        None => {
            let advice = "see name server, firewall and proxy between the clients and this machine";
            Finding::problem(check, format!("{} does not answer in time", door.url), advice)
        }
        Some(Ok(seen)) => answered(check, door, &seen, now(clock)),
        Some(Err(blocked)) => of_blocked(check, door, &blocked, now(clock)),
    }
}

fn answered(check: &'static str, door: &Door, seen: &Seen, now: Time) -> Finding {
    if seen.status != 200 || seen.body.trim() != "ok" {
        let found =
            format!("{} leads to something else, which answers {} at /healthz", door.url, seen.status);
        let advice = "let name, port and proxy of that URL lead to this server, all paths of it";
        return Finding::problem(check, found, advice);
    }
    let tls = seen.tls.unwrap_or("no TLS");
    let reached = format!("{} answers ({}, {tls})", door.url, seen.address);
    let certificate = seen.certificate.as_deref().and_then(|der| Certificate::from_der(der).ok());
    match certificate {
        None => Finding::ok(check, reached),
        Some(certificate) => {
            let not_after = Time::from_unix(certificate.not_after());
            server_certificate(check, &reached, ServerCertificate { not_after, own: door.own }, now)
        }
    }
}

fn of_blocked(check: &'static str, door: &Door, blocked: &Blocked, now: Time) -> Finding {
    let url = &door.url;
    let devices = check == "addresses.devices";
    match blocked {
        Blocked::Name { host, words } => Finding::problem(
            check,
            format!("the name {host} of {url} stands for no address: {words}"),
            "add it to your name server, for where devices are unboxed too; a URL that devices have cannot be changed",
        ),
        Blocked::Connect { address, words } => Finding::problem(
            check,
            format!("nobody answers at {url} ({address}): {words}"),
            "see firewall, port forwarding and proxy between that address and the listener; if only this machine cannot go there, look from elsewhere: curl -v",
        ),
        Blocked::Distrusted { reason, certificate, .. } => {
            let shown = certificate.as_deref().and_then(|der| Certificate::from_der(der).ok());
            let (found, advice) = distrusted(url, reason, shown.as_ref(), now, devices);
            Finding::problem(check, found, advice)
        }
        other => Finding::problem(
            check,
            format!("{url}: failed to {other}"),
            "see what listens there, and that no proxy in between speaks another protocol",
        ),
    }
}

fn distrusted(
    url: &str,
    reason: &Distrust,
    shown: Option<&Certificate>,
    now: Time,
    devices: bool,
) -> (String, String) {
    let date = |time: i64| Time::from_unix(time).rfc3339();
    let renew = "renew the certificate files, then `systemctl reload muster`".to_owned();
    let issuer = shown.and_then(|shown| shown.issuer().common_name());
    let issuer = issuer.map_or_else(String::new, |issuer| format!(" ({issuer})"));
    match (reason, shown) {
        (Distrust::Expired, Some(shown)) => (
            format!("the certificate of {url} ended at {}: no client connects", date(shown.not_after())),
            renew,
        ),
        (Distrust::NotYetValid, Some(shown)) => (
            format!("the certificate of {url} begins only at {}, and it is {}", date(shown.not_before()), now.rfc3339()),
            "set the clock, or wait".to_owned(),
        ),
        (Distrust::WrongName, shown) => {
            let name = shown.and_then(Certificate::common_name);
            let name = name.map_or_else(String::new, |name| format!(" ({name})"));
            (
                format!("the certificate of {url} is for another name{name}: no client connects"),
                "get one for the name in the URL, or set the URL to the name in the certificate".to_owned(),
            )
        }
        (Distrust::UnknownIssuer, _) if devices => (
            format!("no device believes the certificate of {url}: its authority{issuer} is neither public nor told to devices"),
            "name the authority's PEM file as [devices] anchors, complete the chain in `certificate`, or use a public authority".to_owned(),
        ),
        (Distrust::UnknownIssuer, _) => (
            format!("this machine does not believe the certificate of {url}: it does not know its authority{issuer}"),
            "complete the chain in `certificate`; if the authority is your own, let this machine and the clients trust it (muster login --ca)".to_owned(),
        ),
        (reason, _) => (format!("the certificate of {url} is not believed: {reason:?}"), renew),
    }
}

/// Whether devices elsewhere can go there at all.
pub(super) fn local(door: &Door, real_token: bool) -> Option<Finding> {
    if !real_token || !is_here(&door.host) {
        return None;
    }
    Some(Finding::problem(
        "addresses.deviceHost",
        format!("profiles at Apple name {}, which every device takes for itself", door.url),
        "set [devices] url to a name that devices reach, and restart, before anybody unboxes one",
    ))
}

/// Whether a host is whoever asks for it.
fn is_here(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_here_by_its_name_and_by_every_loopback_address_and_by_no_other() {
        for host in ["localhost", "127.0.0.1", "127.1.2.3", "::1"] {
            assert!(is_here(host), "{host}");
        }
        for host in ["2001:db8::1", "fe80::1", "192.0.2.1", "localhost.example.com", "::"] {
            assert!(!is_here(host), "{host}");
        }
    }
}
