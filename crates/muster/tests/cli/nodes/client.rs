//! Scripts of an administrator, which ask again when a connection breaks and take no other trouble.

use std::time::Duration;

use muster_tests::until;
use net::TrustAnchors;
use net::client::{ClientOptions, build};
use reqwest::Method;
use serde_json::Value;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::pair::Pair;

/// What was asked, the status of its answer, and the answer's words if it was a refusal.
pub(crate) type Told = (String, u16, String);

/// See the module.
#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    login: Value,
}

/// Scripts that run until they are told to stop.
pub(crate) struct Scripts {
    stop: watch::Sender<bool>,
    running: JoinHandle<Vec<Told>>,
}

impl Client {
    pub(crate) fn new(pair: &Pair) -> Self {
        let login = pair.login();
        let trust = TrustAnchors::from_pem(login["ca_pem"].as_str().unwrap().as_bytes()).unwrap();
        Self { http: build(&ClientOptions::new(trust, "script/1")).unwrap(), login }
    }

    /// Until it is answered.
    async fn ask(&self, method: &Method, url: &str, bearer: &str) -> (u16, Value) {
        until(url, async || {
            let request = self.http.request(method.clone(), url).bearer_auth(bearer);
            let request = if *method == Method::POST { request.json(&Value::Null) } else { request };
            let response = request.send().await.ok()?;
            let status = response.status().as_u16();
            let body = response.bytes().await.ok()?;
            Some((status, serde_json::from_slice(&body).unwrap_or_default()))
        })
        .await
    }

    async fn sign_in(&self) -> (u16, String) {
        let login = |name: &str| self.login[name].as_str().unwrap();
        let url = format!("{}/{}/oauth2/v2.0/token", login("url"), login("tenant"));
        let form = format!(
            "grant_type=client_credentials&client_id={}&client_secret={}&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default",
            login("client_id"),
            login("client_secret"),
        );
        until("a bearer token", async || {
            let request = self.http.post(&url).header("content-type", "application/x-www-form-urlencoded");
            let response = request.body(form.clone()).send().await.ok()?;
            let status = response.status().as_u16();
            let body: Value = response.json().await.ok()?;
            Some((status, body["access_token"].as_str().unwrap_or_default().to_owned()))
        })
        .await
    }

    fn url(&self, path: &str) -> String {
        if path.starts_with("http") {
            return path.to_owned();
        }
        format!("{}/beta/{path}", self.login["url"].as_str().unwrap())
    }

    /// Every row of a collection.
    pub(crate) async fn rows(&self, path: &str) -> Vec<Value> {
        let (_, bearer) = self.sign_in().await;
        let (mut rows, mut next) = (Vec::new(), Some(self.url(path)));
        while let Some(url) = next {
            let (status, page) = self.ask(&Method::GET, &url, &bearer).await;
            assert_eq!(status, 200, "{page}");
            rows.extend(page["value"].as_array().unwrap().iter().cloned());
            next = page["@odata.nextLink"].as_str().map(str::to_owned);
        }
        rows
    }

    /// Asks a device for news, as an administrator does.
    pub(crate) async fn ask_for_news(&self, serial: &str) {
        let rows = self.rows("deviceManagement/managedDevices").await;
        let row = rows.iter().find(|row| row["serialNumber"] == serial).unwrap();
        let (_, bearer) = self.sign_in().await;
        let url =
            self.url(&format!("deviceManagement/managedDevices/{}/syncDevice", row["id"].as_str().unwrap()));
        assert_eq!(self.ask(&Method::POST, &url, &bearer).await.0, 204);
    }

    /// Lists the devices over and over, with a bearer token from whichever server gives one, and asks each for news.
    pub(crate) fn keep_asking(&self) -> Scripts {
        let (stop, mut stopped) = watch::channel(false);
        let client = self.clone();
        let running = tokio::spawn(async move {
            let mut told = Vec::new();
            while !*stopped.borrow_and_update() {
                let (status, bearer) = client.sign_in().await;
                told.push(("sign in".to_owned(), status, String::new()));
                let list = client.url("deviceManagement/managedDevices");
                let (status, page) = client.ask(&Method::GET, &list, &bearer).await;
                told.push((list, status, words(&page)));
                for row in page["value"].as_array().into_iter().flatten() {
                    if row["managementState"] != "managed" {
                        continue;
                    }
                    let action = client.url(&format!(
                        "deviceManagement/managedDevices/{}/syncDevice",
                        row["id"].as_str().unwrap()
                    ));
                    let (status, answer) = client.ask(&Method::POST, &action, &bearer).await;
                    told.push((action, status, words(&answer)));
                }
                // A breath between rounds, or the end.
                let _ = tokio::time::timeout(Duration::from_millis(300), stopped.changed()).await;
            }
            told
        });
        Scripts { stop, running }
    }
}

fn words(answer: &Value) -> String {
    answer["error"]["message"].as_str().unwrap_or_default().to_owned()
}

impl Scripts {
    /// Ends them; what they were told.
    pub(crate) async fn stop(self) -> Vec<Told> {
        self.stop.send(true).unwrap();
        self.running.await.unwrap()
    }
}
