//! The warehouse in a file.

use sluice::warehouse::connect;
use testkit::database::SqliteFile;
use testkit::warehouse_suite::{self, schema};

/// Makes a test of each behaviour.
macro_rules! tests {
    ($($behaviour:ident),* $(,)?) => {
        $(#[tokio::test] async fn $behaviour() {
            warehouse_suite::$behaviour(&SqliteFile::new()).await;
        })*
    };
}

testkit::warehouse_behaviours!(tests);

#[test]
fn a_setting_that_names_no_database_is_refused() {
    let ado = "Server=tcp:s.database.windows.net;Database=gold;Password=secret";
    let text = connect(ado, schema()).unwrap_err().to_string();
    assert!(
        text.contains("User Id") && !text.contains("secret"),
        "{text}"
    );
    for setting in ["", "sqlite:", "postgres://x"] {
        let text = connect(setting, schema()).unwrap_err().to_string();
        assert!(text.contains("sqlite:"), "{text}");
    }
}
