//! Connection strings: whatever stands in one, neither what it is read as nor why it is refused shows the secret in it.
//!
//! The first byte chooses the kind; the rest, up to zero bytes, are the pieces around the secret and the values of other fields.

use sluice::dataset::Dataset;
use sluice::error::chain;
use sluice::store::account::StorageAccount;
use sluice::warehouse;
use sluice::warehouse::schema::GoldSchema;

use super::choice::Choice;

/// What must not be shown.
const SECRET: &str = "c2VjcmV0IG9mIHRoZSBhY2NvdW50";

const DATASET: &str = r#"
name = "fuzzed"
event_time = "at"
key = ["at"]
[[column]]
name = "at"
type = "timestamp"
required = true
"#;

/// Checks a connection string.
pub(crate) fn check(data: &[u8]) {
    let mut choice = Choice(data);
    let kind = choice.one(&[0, 1, 2, 3]);
    let mut piece = |refused: &[char]| {
        let piece = String::from_utf8_lossy(choice.until(0)).into_owned();
        piece.replace(refused, "")
    };
    // What ends a field would make a name or another value of the secret, and those may be shown.
    let ends = [';', '"', '\'', '{', '}', '&', '#', '?'];
    let (before, after) = (piece(&ends), piece(&ends));
    let (one, other) = (piece(&[]), piece(&[]));
    let secret = format!("{before}{SECRET}{after}");
    let text = match kind {
        0 => format!(
            "DefaultEndpointsProtocol={one};AccountName={other};AccountKey={secret};EndpointSuffix=core.windows.net"
        ),
        1 => format!(
            "AccountName={one};AccountKey={secret};BlobEndpoint={other};TableEndpoint={other}"
        ),
        2 => format!("BlobEndpoint={one};SharedAccessSignature=sv=2024-01-01&sig={secret};{other}"),
        _ => format!("Server={one};Database={other};User ID=sa;Password={secret};Encrypt=True"),
    };
    let shown = match kind {
        0..=2 => match StorageAccount::from_connection_string("LakeStorage", &text) {
            Ok(account) => format!("{account:?}"),
            Err(error) => format!("{} {error:?}", chain(&error)),
        },
        _ => {
            let dataset = Dataset::parse(DATASET, "fuzzed.toml").unwrap();
            let schema = GoldSchema::of(&dataset).unwrap();
            match warehouse::connect(&text, schema) {
                Ok(warehouse) => format!("{warehouse:?}"),
                Err(error) => format!("{} {error:?}", chain(&error)),
            }
        }
    };
    // Unless it stands in what is no secret.
    let elsewhere = one.contains(SECRET) || other.contains(SECRET);
    assert!(elsewhere || !shown.contains(SECRET), "{shown}\n{text}");
}
