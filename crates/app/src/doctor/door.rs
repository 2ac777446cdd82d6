//! The addresses: whether this server listens, and whether its public URLs lead to it as their clients would go.

use std::net::{SocketAddr, TcpListener};

use domain::Time;
use domain::checkup::{Finding, ServerCertificate, server_certificate};
use net::Clock;
use net::client::probe::{Blocked, Distrust, Look, Seen, look};
use pki::x509::Certificate;

use super::{Door, STEP, Subject, in_time, now, trust};

/// Both listeners and both URLs.
pub(super) async fn examine(subject: &Subject, clock: &Clock) -> Vec<Finding> {
    if !subject.running {
        return stopped(subject);
    }
    let (server, api, devices) = tokio::join!(
        ready(&subject.api),
        public("addresses.api", &subject.api, clock),
        public("addresses.devices", &subject.devices, clock),
    );
    vec![server, api, devices]
}

/// Without a server: whether it could listen.
fn stopped(subject: &Subject) -> Vec<Finding> {
    let addresses = [Some(subject.api.listen), Some(subject.devices.listen), subject.health];
    let mut findings: Vec<_> = addresses.into_iter().flatten().filter_map(taken).collect();
    if findings.is_empty() {
        let found = format!("no server is running on {}", subject.data.display());
        let advice = "systemctl start muster, or muster serve with the same --config; the addresses are looked at while it runs";
        findings.push(Finding::warning("server.ready", found, advice));
    }
    findings
}

fn taken(listen: SocketAddr) -> Option<Finding> {
    let port = listen.port();
    let error = TcpListener::bind(listen).err()?;
    let (found, advice) = match error.kind() {
        std::io::ErrorKind::AddrInUse => (
            format!("another program listens on {}, and no server is running", listen),
            format!("find it with `ss -ltnp sport = :{port}` and end it, or set another `listen`"),
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

/// Whether the running server says that it can work.
async fn ready(door: &Door) -> Finding {
    const CHECK: &str = "server.ready";
    let at = here(door.listen);
    let url = match door.tls {
        true => format!("{}/readyz", door.url),
        false => format!("http://{at}/readyz"),
    };
    let looking = Look { url, at: Some(at), trust: trust(door.anchors.as_deref()), patience: STEP };
    let asked = match in_time(look(&looking)).await {
        Some(asked) => asked,
        None => Err(Blocked::Answer { host: at.to_string(), words: "none came in time".into() }),
    };
    match asked {
        Ok(seen) if seen.status == 200 => Finding::ok(CHECK, format!("the server on {at} is ready")),
        Ok(seen) if seen.status == 503 => Finding::problem(
            CHECK,
            format!("the server on {at} is not ready: {}", seen.body.trim()),
            "see its log for errors of the last minutes; /metrics says which work loop fails",
        ),
        Ok(seen) => Finding::problem(
            CHECK,
            format!("what listens on {at} answers {} and is not this server", seen.status),
            "give doctor the same settings as the server",
        ),
        // It answers; what is wrong with its certificate is told of its URL.
        Err(Blocked::Distrusted { .. }) => {
            Finding::ok(CHECK, format!("a server listens on {at}; its certificate is another matter"))
        }
        Err(error) => Finding::problem(
            CHECK,
            format!("a server runs on the data folder, and nobody answers on {at}: failed to {error}"),
            "give doctor the same settings as the server; if they are, it hangs: restart it and keep its log",
        ),
    }
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
pub(super) fn local(url: &str, real_token: bool) -> Option<Finding> {
    let host = url.split("://").nth(1)?.split(['/', ':']).next()?;
    if !matches!(host, "localhost" | "127.0.0.1" | "[") || !real_token {
        return None;
    }
    Some(Finding::problem(
        "addresses.deviceHost",
        format!("profiles at Apple name {url}, which every device takes for itself"),
        "set [devices] url to a name that devices reach, and restart, before anybody unboxes one",
    ))
}
