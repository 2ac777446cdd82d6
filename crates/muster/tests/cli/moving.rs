//! A server's machine is lost, and another one takes its place by a copy: devices do not notice.

use muster_tests::{Engine, on_postgres, until};
use practice::device::{Stage, VirtualDevice};
use serde_json::Value;

use crate::nodes::client::Client;
use crate::nodes::pair::Pair;

const PASSPHRASE: &str = "correct horse battery staple\n";

/// The engines of the lost server and of the new one: a copy leads from either to the other.
async fn moves() -> Vec<[Option<String>; 2]> {
    let mut moves = vec![[None, None]];
    if Engine::here().contains(&Engine::Postgres) {
        moves.push([None, Some(on_postgres().await)]);
        moves.push([Some(on_postgres().await), None]);
    }
    moves
}

async fn commands(client: &Client, device: &VirtualDevice) -> Vec<Value> {
    let rows = client.rows("deviceManagement/managedDevices").await;
    let row = rows.iter().find(|row| row["serialNumber"] == device.serial()).unwrap();
    client.rows(&format!("muster/managedDevices/{}/commands", row["id"].as_str().unwrap())).await
}

async fn all_acknowledged(client: &Client, device: &VirtualDevice, count: usize) {
    let done = async || {
        let commands = commands(client, device).await;
        let acknowledged = commands.iter().filter(|command| command["state"] == "acknowledged").count();
        (acknowledged == commands.len() && commands.len() >= count).then_some(())
    };
    until(&format!("{count} commands of {} acknowledged", device.serial()), done).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn devices_carry_on_with_a_server_restored_from_a_copy_in_another_folder() {
    for databases in moves().await {
        let mut site = Pair::idle(databases).await;
        site.serve(0).await;
        let serials = site.organisation(3).await;
        let devices: Vec<_> =
            serials.iter().map(|serial| site.practice.fleet().device(serial).unwrap()).collect();
        for device in &devices {
            device.unbox().unwrap();
        }
        for device in &devices {
            assert_eq!(device.settled().await.stage, Stage::Home, "{:?}", device.screen());
        }
        let client = Client::new(&site);
        let before = commands(&client, &devices[0]).await.len();
        all_acknowledged(&client, &devices[0], before).await;

        // A command that waits for a device that is off is in the copy, which is made under a running server.
        devices[0].power_off().await;
        client.ask_for_news(devices[0].serial()).await;
        std::fs::write(site.path("passphrase"), PASSPHRASE).unwrap();
        let (good, said) = site.operate(0, &["backup", "copy", "--passphrase-file", "passphrase"]).await;
        assert!(good && said.contains("The keys are in it"), "{said}");
        site.kill(0);
        std::fs::rename(site.path("one"), site.path("lost")).unwrap();

        let (good, said) = site.operate(1, &["backup", "verify", "copy"]).await;
        assert!(good && said.contains("is whole"), "{said}");
        let (good, said) = site.operate(1, &["restore", "copy"]).await;
        assert!(!good && said.contains("seal.key"), "without its keys nothing comes back: {said}");
        let (good, said) = site.operate(1, &["restore", "copy", "--passphrase-file", "passphrase"]).await;
        assert!(good && said.contains("never starts again"), "{said}");
        site.serve(1).await;

        // The login of the lost server's first start is as good as ever.
        all_acknowledged(&client, &devices[1], 1).await;
        devices[0].power_on();
        all_acknowledged(&client, &devices[0], before + 1).await;
        for device in &devices {
            let had = commands(&client, device).await.len();
            client.ask_for_news(device.serial()).await;
            all_acknowledged(&client, device, had + 1).await;
            let screen = device.screen();
            assert!(screen.enrolled && screen.stage == Stage::Home && device.repeats() == 0, "{screen:?}");
        }
        assert_eq!(client.rows("deviceManagement/managedDevices").await.len(), 3);
        assert_eq!(site.errors(), Vec::<String>::new());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_seal_key_takes_the_place_of_the_old_one_and_of_that_of_an_interrupted_rotation() {
    let databases = moves().await.into_iter().map(|[lost, _]| lost);
    let mut databases: Vec<_> = databases.collect();
    databases.dedup();
    for database in databases {
        let mut site = Pair::idle([database, None]).await;
        site.serve(0).await;
        let serials = site.organisation(1).await;
        let device = site.practice.fleet().device(&serials[0]).unwrap();
        device.unbox().unwrap();
        assert_eq!(device.settled().await.stage, Stage::Home, "{:?}", device.screen());
        let (good, said) = site.operate(0, &["rotate", "seal-key"]).await;
        assert!(!good && said.contains("a server is running"), "{said}");
        assert!(site.stop(0).await);

        let old = std::fs::read_to_string(site.path("one/seal.key")).unwrap();
        let (good, said) = site.operate(0, &["rotate", "seal-key"]).await;
        assert!(good && said.contains("holds the new key alone"), "{said}");
        let new = std::fs::read_to_string(site.path("one/seal.key")).unwrap();
        assert_ne!(old.trim(), new.trim());
        assert_eq!(std::fs::read_to_string(site.path("one/seal.key.old")).unwrap().trim(), old.trim());

        // Killed after the next key was made and before anything was sealed with it; or a copy of that moment, restored.
        let next = app::open::seal_key().unwrap();
        let both = format!("{}\n{new}", next.as_str());
        std::fs::write(site.path("one/seal.key"), &both).unwrap();
        let (good, said) = site.operate(0, &["rotate", "seal-key"]).await;
        assert!(good && said.contains("interrupted is over with it"), "{said}");
        let fresh = std::fs::read_to_string(site.path("one/seal.key")).unwrap();
        assert!(fresh.lines().count() == 1 && !both.contains(fresh.trim()), "neither is the new key");
        let kept = std::fs::read_to_string(site.path("one/seal.key.old-2")).unwrap();
        assert_eq!(kept.trim(), both.trim());

        site.serve(0).await;
        let client = Client::new(&site);
        let had = commands(&client, &device).await.len();
        client.ask_for_news(device.serial()).await;
        all_acknowledged(&client, &device, had + 1).await;
        assert_eq!(site.errors(), Vec::<String>::new());
        assert!(site.stop(0).await);
        for old in [&old, &both] {
            std::fs::write(site.path("one/seal.key"), old).unwrap();
            let (good, said) = site.operate(0, &["tenant", "list"]).await;
            assert!(!good && said.contains("unknown key"), "nothing opens with an old one: {said}");
        }
    }
}

/// A server that runs while a later program makes of the database what it cannot work with stops, and says why.
#[tokio::test(flavor = "multi_thread")]
async fn a_running_server_stops_with_a_clear_word_when_a_later_program_has_moved_the_database_on() {
    let mut databases = vec![None];
    if Engine::here().contains(&Engine::Postgres) {
        databases.push(Some(on_postgres().await));
    }
    for database in databases {
        let mut site = Pair::idle([database.clone(), None]).await;
        site.serve(0).await;
        let url = database.unwrap_or_else(|| format!("sqlite:{}", site.path("one/muster.db").display()));
        let key = std::fs::read_to_string(site.path("one/seal.key")).unwrap();
        for (steps, word) in [(&[0][..], "goes on working with it"), (&[0, 2], "this server stops")] {
            muster_tests::migrate_on(&url, &key, steps).await;
            until(word, async || site.has_logged(word).then_some(())).await;
        }
        assert!(!site.ended(0).await, "with an exit code that says so");
        let (good, said) = site.operate(0, &["tenant", "list"]).await;
        assert!(!good && said.contains("Start that later program"), "{said}");
    }
}

/// It would seal with a key that nobody has any more, and open nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_running_server_stops_with_a_clear_word_when_the_seal_key_was_changed_elsewhere() {
    let mut databases = vec![None];
    if Engine::here().contains(&Engine::Postgres) {
        databases.push(Some(on_postgres().await));
    }
    for database in databases {
        let mut site = Pair::idle([database.clone(), database.clone()]).await;
        site.serve(0).await;
        let key = std::fs::read_to_string(site.path("one/seal.key")).unwrap();
        if database.is_some() {
            // At another machine, whose data folder nobody holds.
            std::fs::create_dir(site.path("two")).unwrap();
            std::fs::write(site.path("two/seal.key"), &key).unwrap();
            let (good, said) = site.operate(1, &["rotate", "seal-key"]).await;
            assert!(!good && said.contains("a server works on this database"), "{said}");
            assert_eq!(std::fs::read_to_string(site.path("two/seal.key")).unwrap(), key);
        }
        let url = database.unwrap_or_else(|| format!("sqlite:{}", site.path("one/muster.db").display()));
        muster_tests::reseal_on(&url, &key, &app::open::seal_key().unwrap()).await;
        until("it stops", async || site.has_logged("this server stops").then_some(())).await;
        assert!(site.has_logged("a key that this server does not have"));
        assert!(!site.ended(0).await, "with an exit code that says so");
    }
}
