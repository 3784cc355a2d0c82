use super::*;

fn plan(state_dir: &Path) -> Plan {
    Plan {
        root: "/app".into(),
        state: Arc::new(StateDir::take(state_dir).unwrap()),
        handler: Some(PathBuf::from("/build/handler").into()),
        dataset_file: "/app/datasets/orders.toml".into(),
        partitions: 4,
        gold: None,
        settings: BTreeMap::new(),
        listener: None,
        tell: aloud(),
    }
}

#[test]
fn storage_hub_dataset_and_handler_are_those_of_this_stack() {
    let state = tempfile::tempdir().unwrap();
    let gold = format!("sqlite:{}", state.path().join("gold.db").display());
    let values = plan(state.path()).values("storage", "id", "hub");
    for (name, expected) in [
        ("LakeStorage", "storage"),
        ("StateStorage", "storage"),
        ("AzureWebJobsStorage", "storage"),
        ("SLUICE_PIPELINE", "id"),
        ("EventHubConnection", "hub"),
        ("EVENTHUB_NAME", "events"),
        ("DATASET", "/app/datasets/orders.toml"),
        ("GoldDatabase", &gold),
        (
            "AzureFunctionsJobHost__customHandler__description__defaultExecutablePath",
            "/build/handler",
        ),
    ] {
        assert_eq!(values[name], expected, "{name}");
    }
}

#[test]
fn gold_may_be_elsewhere_and_single_settings_may_differ() {
    let state = tempfile::tempdir().unwrap();
    let mut plan = plan(state.path());
    plan.gold = Some("Server=s;Database=d".to_owned());
    plan.settings = BTreeMap::from([
        ("GOLD_SCHEDULE".to_owned(), "*/2 * * * * *".to_owned()),
        ("EVENTHUB_NAME".to_owned(), "other".to_owned()),
    ]);
    let values = plan.values("storage", "id", "hub");
    assert_eq!(values["GoldDatabase"], "Server=s;Database=d");
    assert_eq!(values["GOLD_SCHEDULE"], "*/2 * * * * *");
    assert_eq!(values["EVENTHUB_NAME"], "other");
}

#[test]
fn a_port_that_somebody_listens_on_is_not_free() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    assert!(!is_free(port));
    drop(listener);
    assert!(is_free(port));
}

#[test]
fn what_is_heard_goes_to_the_log_the_screen_and_who_listens() {
    let log = tempfile::NamedTempFile::new().unwrap();
    let heard = Arc::new(Mutex::new(Heard::default()));
    let listened: Arc<Mutex<Vec<Value>>> = Arc::default();
    let sink = Arc::clone(&listened);
    let listener: LogListener = Box::new(move |line| sink.lock().unwrap().push(line.clone()));
    let receive = listen(Arc::clone(&heard), log.reopen().unwrap(), Some(listener));
    let line = r#"{"message":"ingested","stored":5,"objects":1}"#;
    for line in [line, "not JSON"] {
        receive(HostEvent::Stdout {
            line: line.to_owned(),
        });
    }
    let written = std::fs::read_to_string(log.path()).unwrap();
    assert_eq!(written, format!("handler {line}\nhandler not JSON\n"));
    assert_eq!(heard.lock().unwrap().stored, 5);
    assert_eq!(heard.lock().unwrap().messages, ["not JSON"]);
    assert_eq!(listened.lock().unwrap().len(), 1, "only what is JSON");
}
