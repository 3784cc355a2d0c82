use std::net::TcpListener;

use super::in_memory::{Pipeline, repository};
use super::*;

fn settings(root: &Path, values: &[(&str, &str)]) -> AppSettings {
    AppSettings::of_environment(root, &repository().join("datasets/orders.toml"), values)
}

fn account(port: u16) -> String {
    let endpoint = |service: &str| format!("{service}Endpoint=http://127.0.0.1:{port}/a;");
    format!(
        "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=a2V5;{}{}{}",
        endpoint("Blob"),
        endpoint("Queue"),
        endpoint("Table")
    )
}

fn open(values: &[(&str, &str)]) -> Result<Stores, String> {
    let settings = settings(Path::new("/app"), values);
    Stores::open(&settings).map_err(|error| sluice::error::chain(error.as_ref()))
}

/// A port that nothing listens on.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

#[test]
fn without_settings_the_error_names_them_and_says_what_to_do() {
    let error = open(&[]).err().unwrap();
    for expected in [
        "LakeStorage",
        "they come from the environment",
        "`sluice up`",
    ] {
        assert!(error.contains(expected), "{expected:?} is not in {error}");
    }
}

#[test]
fn storage_that_does_not_answer_is_named_by_its_address() {
    let port = free_port();
    let account = account(port);
    let error = open(&[
        ("LakeStorage", &account),
        ("AzureWebJobsStorage", &account),
        ("GoldDatabase", "sqlite:gold.db"),
    ]);
    let error = error.err().unwrap();
    let expected =
        format!("no storage answers at 127.0.0.1:{port} (settings from the environment)");
    assert!(error.starts_with(&expected), "{error}");
    assert!(error.contains("`sluice up`"), "{error}");
}

#[test]
fn both_accounts_are_looked_for() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let lake = account(listener.local_addr().unwrap().port());
    let port = free_port();
    let error = open(&[
        ("LakeStorage", &lake),
        ("AzureWebJobsStorage", &account(port)),
        ("GoldDatabase", "sqlite:gold.db"),
    ]);
    let error = error.err().unwrap();
    assert!(error.contains(&format!("127.0.0.1:{port}")), "{error}");
}

#[test]
fn stores_that_answer_are_opened_without_a_request() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let account = account(listener.local_addr().unwrap().port());
    let stores = open(&[
        ("LakeStorage", &account),
        ("AzureWebJobsStorage", &account),
        ("GoldDatabase", "sqlite:gold.db"),
    ]);
    assert_eq!(stores.unwrap().dataset.name, "orders");
}

#[test]
fn an_account_in_azure_is_left_to_its_client() {
    let stores = open(&[
        ("LakeStorage__accountName", "shoplake"),
        ("AzureWebJobsStorage__accountName", "shopstate"),
        ("GoldDatabase", "sqlite:gold.db"),
    ]);
    assert!(stores.is_ok(), "{:?}", stores.err());
}

#[test]
fn a_dataset_file_that_is_not_there_is_named() {
    let settings = AppSettings::of_environment(
        Path::new("/app"),
        Path::new("/app/datasets/no_such.toml"),
        &[],
    );
    let error = dataset(&settings).unwrap_err().to_string();
    let expected =
        "there is no dataset file /app/datasets/no_such.toml (settings from the environment)";
    assert!(error.starts_with(expected), "{error}");
}

#[test]
fn gold_that_has_not_been_made_points_to_where_the_last_one_is() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let settings = settings(root, &[("GoldDatabase", "sqlite:gold.db")]);
    let dataset = dataset(&settings).unwrap();
    let error = || warehouse(&settings, &dataset).unwrap_err().to_string();
    assert!(error().contains("gold makes it on its first run"));
    assert!(!error().contains("the last `sluice up`"));

    let last = root.join(".sluice/orders/gold.db");
    std::fs::create_dir_all(last.parent().unwrap()).unwrap();
    std::fs::write(&last, "").unwrap();
    let expected = format!("GoldDatabase=sqlite:{}", last.display());
    assert!(error().ends_with(&expected), "{}", error());
}

#[test]
fn gold_without_a_setting_says_which_one_is_missing() {
    let settings = settings(Path::new("/app"), &[]);
    let dataset = dataset(&settings).unwrap();
    let error = warehouse(&settings, &dataset).unwrap_err().to_string();
    assert!(error.starts_with("GoldDatabase is not set. "), "{error}");
}

#[tokio::test]
async fn gold_that_is_there_is_opened() {
    let pipeline = Pipeline::new();
    pipeline.run(0, &[1, 2]).await;
    let gold = format!("sqlite:{}", pipeline.gold_file().display());
    let settings = settings(Path::new("/app"), &[("GoldDatabase", &gold)]);
    let warehouse = warehouse(&settings, &pipeline.stores.dataset).unwrap();
    assert_eq!(warehouse.count_rows("gold_daily_orders").await.unwrap(), 1);
}

#[tokio::test]
async fn maintenance_and_audit_work_on_the_same_stores() {
    let pipeline = Pipeline::new();
    pipeline.run(0, &[1, 2, 2]).await;
    let facts = pipeline.stores.maintenance().status().await.unwrap();
    assert_eq!((facts.rows, facts.unreconciled), (2, 0));
    let subject = pipeline.stores.subject(Arc::clone(&pipeline.warehouse));
    let options = crate::audit::Options::at(sluice::event::UnixMillis(i64::MAX));
    let report = crate::audit::audit(&subject, &options, &crate::audit::Silent);
    assert!(report.await.unwrap().adds_up());
}

#[test]
fn everything_that_is_wrong_with_the_settings_is_said_at_once() {
    let error = open(&[
        ("LakeStorage", "secret nonsense"),
        ("StateStorage", "AccountKey=a2V5"),
        ("SLUICE_KEY_CACHE_MIB", "much"),
    ]);
    let error = error.err().unwrap();
    for expected in [
        "LakeStorage: is not a connection string",
        "StateStorage: has an AccountKey, but no AccountName",
        "GoldDatabase is not set",
        "SLUICE_KEY_CACHE_MIB is \"much\"",
    ] {
        assert!(error.contains(expected), "{expected:?} is not in {error}");
    }
    assert!(!error.contains("secret"), "values are not shown: {error}");
}

#[test]
fn a_state_storage_of_its_own_comes_before_that_of_the_host() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let there = account(listener.local_addr().unwrap().port());
    let port = free_port();
    let settings = |state: &str, host: &str| {
        open(&[
            ("LakeStorage", &there),
            ("StateStorage", state),
            ("AzureWebJobsStorage", host),
            ("GoldDatabase", "sqlite:gold.db"),
        ])
    };
    let gone = account(port);
    assert!(settings(&there, &gone).is_ok(), "the host's is not asked");
    let error = settings(&gone, &there).err().unwrap();
    assert!(error.contains(&format!("127.0.0.1:{port}")), "{error}");
    assert!(settings("", &there).is_ok(), "a blank one counts as none");
}

#[test]
fn an_account_needs_blobs_and_tables_and_can_lack_queues() {
    let dataset = Arc::new(dataset(&settings(Path::new("/app"), &[])).unwrap());
    let with = |services: &[&str]| {
        let mut text = "SharedAccessSignature=sv=1&sig=a;".to_owned();
        for service in services {
            text.push_str(&format!("{service}Endpoint=http://127.0.0.1:1/a;"));
        }
        let account = StorageAccount::from_connection_string("LakeStorage", &text).unwrap();
        let stores = Stores::of(Arc::clone(&dataset), &account, &account);
        stores.map_err(|error| sluice::error::chain(error.as_ref()))
    };
    assert!(with(&["Blob", "Queue", "Table"]).unwrap().poison.is_some());
    assert!(with(&["Blob", "Table"]).unwrap().poison.is_none());
    for (services, missing) in [(["Queue", "Table"], "blob"), (["Blob", "Queue"], "table")] {
        let error = with(&services).err().unwrap();
        let expected = format!("setting LakeStorage: does not say where its {missing} service is");
        assert!(error.contains(&expected), "{error}");
    }
}

#[test]
fn a_dataset_file_that_is_none_is_named_with_its_problem() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("orders.toml");
    std::fs::write(&file, "name = ").unwrap();
    let settings = AppSettings::of_environment(folder.path(), &file, &[]);
    let error = dataset(&settings).unwrap_err();
    let error = sluice::error::chain(error.as_ref());
    assert!(error.contains("orders.toml"), "{error}");
}

#[test]
fn gold_in_a_database_is_opened_without_a_request() {
    let open = |gold: &str| {
        let settings = settings(Path::new("/app"), &[("GoldDatabase", gold)]);
        let opened = warehouse(&settings, &dataset(&settings).unwrap());
        opened.map_err(|error| sluice::error::chain(error.as_ref()))
    };
    let server = "Server=tcp:shop.database.windows.net;Database=gold";
    let login = "Authentication=Active Directory Managed Identity";
    let opened = open(&format!("{server};{login}")).unwrap();
    assert!(opened.may_be_paused(), "it is not a file");
    let error = open("gold.db").unwrap_err();
    let expected = "GoldDatabase: expected sqlite:<path> or an ADO connection string";
    assert!(error.starts_with(expected), "{error}");
}
