use std::collections::HashMap;

use super::*;

fn account(settings: &[(&str, &str)]) -> Result<StorageAccount, AccountError> {
    let settings: HashMap<String, String> = settings
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    StorageAccount::from_settings("Lake", &|name| settings.get(name).cloned())
}

fn urls(account: &StorageAccount) -> [String; 3] {
    [
        account.blob_service_url(),
        account.queue_service_url(),
        account.table_service_url(),
    ]
    .map(|url| url.unwrap().to_string())
}

const EMULATOR: [&str; 3] = [
    "http://127.0.0.1:10000/devstoreaccount1",
    "http://127.0.0.1:10001/devstoreaccount1",
    "http://127.0.0.1:10002/devstoreaccount1",
];
const AZURE: [&str; 3] = [
    "https://acc.blob.core.windows.net/",
    "https://acc.queue.core.windows.net/",
    "https://acc.table.core.windows.net/",
];

#[test]
fn a_setting_names_its_services_as_the_host_reads_it() {
    type Settings = &'static [(&'static str, &'static str)];
    let cases: &[(Settings, [&str; 3])] = &[
        (&[("Lake", "UseDevelopmentStorage=true")], EMULATOR),
        (
            &[(
                "Lake",
                "AccountName=acc;AccountKey=a2V5;EndpointSuffix=core.windows.net",
            )],
            AZURE,
        ),
        (
            &[
                ("AzureWebJobsLake", "AccountName=acc;AccountKey=a2V5"),
                ("Lake", "UseDevelopmentStorage=true"),
            ],
            AZURE,
        ),
        (
            &[(
                "Lake",
                "AccountName=x;AccountKey=a2V5;BlobEndpoint=http://h:1/x/;QueueEndpoint=http://h:2/x;TableEndpoint=http://h:3/x;",
            )],
            ["http://h:1/x", "http://h:2/x", "http://h:3/x"],
        ),
        (&[("Lake__accountName", "acc")], AZURE),
        (
            &[("Lake__blobServiceUri", "https://acc.blob.core.windows.net")],
            AZURE,
        ),
        (
            &[("Lake__serviceUri", "https://acc.dfs.core.windows.net/")],
            AZURE,
        ),
        (
            &[
                ("Lake__accountName", "acc"),
                ("Lake__credential", "managedidentity"),
                ("Lake__clientId", "00000000-0000-0000-0000-000000000001"),
                ("IDENTITY_ENDPOINT", "http://127.0.0.1"),
            ],
            AZURE,
        ),
    ];
    for (settings, expected) in cases {
        let account = account(settings).unwrap();
        assert_eq!(urls(&account), *expected, "{settings:?}");
    }
}

#[test]
fn a_proxy_address_replaces_the_emulators() {
    let account = account(&[(
        "Lake",
        "UseDevelopmentStorage=true;DevelopmentStorageProxyUri=http://azurite",
    )])
    .unwrap();
    assert_eq!(urls(&account)[0], "http://azurite:10000/devstoreaccount1");
}

#[test]
fn a_setting_that_makes_no_sense_is_refused_without_its_value() {
    let cases = [
        "nonsense-secret",
        "AccountKey=secret",
        "AccountName=acc",
        "AccountName=acc;AccountKey=not base64 secret",
        "AccountName=acc;AccountKey=a2V5;BlobEndpoint=secret",
    ];
    for text in cases {
        let error = account(&[("Lake", text)]).unwrap_err();
        let words = format!("{error:?} {error} {}", error.problem);
        assert!(
            words.contains("Lake") && !words.contains("secret"),
            "{words}"
        );
    }
}

#[test]
fn an_emulator_that_is_named_in_part_is_not_taken_for_azure() {
    let blob = "BlobEndpoint=http://127.0.0.1:10000/devstoreaccount1;";
    for (text, missing) in [
        (
            format!("AccountName=devstoreaccount1;AccountKey=a2V5;{blob}"),
            "QueueEndpoint",
        ),
        (
            format!("AccountName=a;AccountKey=a2V5;{blob}QueueEndpoint=http://h/a"),
            "TableEndpoint",
        ),
        (
            "AccountName=devstoreaccount1;AccountKey=a2V5".to_owned(),
            "BlobEndpoint",
        ),
    ] {
        let error = account(&[("Lake", &text)]).unwrap_err();
        let problem = error.problem.to_string();
        assert!(problem.contains(missing), "{problem}");
        assert!(problem.contains("UseDevelopmentStorage=true"), "{problem}");
    }
    // An account in Azure may name some of its endpoints, and a signature may be for some services only.
    for text in [
        "AccountName=a;AccountKey=a2V5;BlobEndpoint=https://a.privatelink.example",
        "SharedAccessSignature=sv=1&sig=a;BlobEndpoint=http://127.0.0.1:1/a",
    ] {
        assert!(account(&[("Lake", text)]).is_ok(), "{text}");
    }
}

#[test]
fn a_missing_setting_is_named_with_what_to_set() {
    let error = account(&[]).unwrap_err();
    assert_eq!(error.setting, "Lake");
    assert!(error.problem.to_string().contains("Lake__blobServiceUri"));
}

#[test]
fn no_secret_is_in_a_debug_text() {
    let key = account(&[("Lake", "AccountName=acc;AccountKey=c2VjcmV0")]).unwrap();
    let signature = account(&[(
        "Lake",
        "BlobEndpoint=https://acc.blob.core.windows.net;SharedAccessSignature=?sv=1&sig=c2VjcmV0",
    )])
    .unwrap();
    for account in [key, signature] {
        let words = format!("{account:?} {:?}", account.client_options());
        assert!(
            !words.contains("c2VjcmV0") && !words.contains("secret"),
            "{words}"
        );
    }
}

#[test]
fn a_storage_in_azure_is_not_asked() {
    let text = "AccountName=shop;AccountKey=a2V5;EndpointSuffix=core.windows.net";
    let account = StorageAccount::from_connection_string("LakeStorage", text).unwrap();
    assert!(!account.owned_by(Some("a")).unwrap().is_watched);
    let local = "UseDevelopmentStorage=true";
    let account = StorageAccount::from_connection_string("LakeStorage", local).unwrap();
    assert!(account.owned_by(None).unwrap().is_watched);
}
