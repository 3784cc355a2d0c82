//! The state table in Azure Table storage: a small client of our own on the SDK's pipeline.
//!
//! Reads are repeated by the pipeline. A transaction is one entity-group transaction in one request that is never
//! repeated: where its answer is lost, only the caller can tell what a repetition means. The one exception is a missing
//! table, which is certain to have changed nothing: the table is created and the transaction sent then.

mod batch;
mod entity;

use std::fmt;
use std::future::Future;
use std::time::Duration;

use async_trait::async_trait;
use azure_core::http::policies::Policy;
use azure_core::http::policies::auth::BearerTokenAuthorizationPolicy;
use azure_core::http::{
    ClientOptions, Context, Method, Pipeline, PipelineSendOptions, RawResponse, Request,
};
use std::sync::Arc;
use url::Url;

use super::keys::escape;
use super::{EntityStore, Operation, Outcome, PartitionKey, RowRange, Stored, limits};
use crate::store::account::{AccountError, StorageAccount};
use crate::store::{Cause, ErrorKind, StorageError, kind_of_status};
use batch::{Answer, JSON};

/// The longest that a transaction takes, in seconds, the creation of a missing table included. One that was not answered
/// by then may still take effect: the service gives itself 30 seconds, too.
pub const TRANSACTION_SECONDS: u64 = 30;
/// The longest that a read of one page takes, the repetitions included, in seconds.
const READ_SECONDS: u64 = 120;
/// The first version in which Table storage takes tokens.
const VERSION: &str = "2020-12-06";
const SCOPE: &str = "https://storage.azure.com/.default";

/// Entities of one table in Azure Table storage or in Azurite.
pub struct AzureEntityStore {
    endpoint: Url,
    table: String,
    repeating: Pipeline,
    once: Pipeline,
    patience: Duration,
}

impl fmt::Debug for AzureEntityStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "AzureEntityStore({}/{})",
            self.endpoint.authority(),
            self.table
        )
    }
}

impl AzureEntityStore {
    /// Uses `table` in the account's table service. Nothing is sent yet; the table is created when it is first written to.
    ///
    /// # Errors
    /// Fails if the account has no table service.
    pub fn new(account: &StorageAccount, table: &str) -> Result<Self, AccountError> {
        let pipeline = |options: ClientOptions| {
            let token = account.credential().map(|credential| {
                Arc::new(BearerTokenAuthorizationPolicy::new(credential, [SCOPE]))
                    as Arc<dyn Policy>
            });
            Pipeline::new(
                option_env!("CARGO_PKG_NAME"),
                option_env!("CARGO_PKG_VERSION"),
                options,
                Vec::new(),
                token.into_iter().collect(),
                None,
            )
        };
        Ok(Self {
            endpoint: account.table_service_url()?,
            table: table.to_owned(),
            repeating: pipeline(account.client_options()),
            once: pipeline(account.client_options_without_retry()),
            patience: Duration::from_secs(TRANSACTION_SECONDS),
        })
    }

    /// Makes a request for `resource`, a path below the endpoint that is already encoded.
    fn request(&self, method: Method, resource: &str, query: Option<&str>) -> Request {
        let mut url = self.endpoint.clone();
        url.set_path(&format!("{}/{resource}", url.path().trim_end_matches('/')));
        url.set_query(query);
        let date = chrono::Utc::now().format("%a, %d %b %Y %H:%M:%S GMT");
        let mut request = Request::new(url, method);
        request.insert_header("accept", JSON);
        request.insert_header("dataserviceversion", "3.0;NetFx");
        request.insert_header("maxdataserviceversion", "3.0;NetFx");
        request.insert_header("x-ms-date", date.to_string());
        request.insert_header("x-ms-version", VERSION);
        request
    }

    async fn send(pipeline: &Pipeline, mut request: Request) -> azure_core::Result<RawResponse> {
        let options = PipelineSendOptions {
            skip_checks: true,
            ..PipelineSendOptions::default()
        };
        pipeline
            .send(&Context::new(), &mut request, Some(options))
            .await
    }

    /// Sends a transaction once and returns what the service says about it.
    async fn send_batch(
        &self,
        partition: &PartitionKey,
        operations: &[Operation],
    ) -> Result<Answer, StorageError> {
        let fail = |error| StorageError::from_azure(TRANSACT, partition, &error);
        let id = uuid::Uuid::new_v4().simple().to_string();
        let base = format!(
            "{}/{}",
            self.endpoint.as_str().trim_end_matches('/'),
            self.table
        );
        let body = batch::encode(&base, &id, partition, operations);
        let mut request = self.request(Method::Post, "$batch", None);
        request.insert_header("content-type", batch::content_type(&id));
        request.set_body(body);
        let answer = Self::send(&self.once, request).await.map_err(fail)?;
        Ok(batch::decode(
            u16::from(answer.status()),
            answer.body(),
            operations,
        ))
    }

    async fn create_table(&self) -> Result<(), StorageError> {
        const OPERATION: &str = "create table";
        let mut request = self.request(Method::Post, "Tables", None);
        request.insert_header("content-type", "application/json");
        request.insert_header("prefer", "return-no-content");
        request.set_body(serde_json::json!({ "TableName": self.table }).to_string());
        let answer = Self::send(&self.repeating, request)
            .await
            .map_err(|error| StorageError::from_azure(OPERATION, &self.table, &error))?;
        match u16::from(answer.status()) {
            200..=299 => Ok(()),
            status => {
                let refusal = batch::refusal(status, answer.body());
                if refusal.code == "TableAlreadyExists" {
                    return Ok(());
                }
                Err(refused(OPERATION, &self.table, refusal))
            }
        }
    }

    /// Reads JSON, or nothing where there is no such table or entity.
    async fn read(
        &self,
        partition: &PartitionKey,
        resource: &str,
        query: Option<&str>,
    ) -> Result<Option<RawResponse>, StorageError> {
        let request = self.request(Method::Get, resource, query);
        let answer = within(READ, partition, Duration::from_secs(READ_SECONDS), async {
            Self::send(&self.repeating, request)
                .await
                .map_err(|error| StorageError::from_azure(READ, partition, &error))
        })
        .await?;
        match u16::from(answer.status()) {
            200..=299 => Ok(Some(answer)),
            404 => Ok(None),
            status => Err(refused(
                READ,
                partition,
                batch::refusal(status, answer.body()),
            )),
        }
    }

    /// Reads a page of a range, and what asks for the one after it, if there may be one. A page may be empty and not be the
    /// last. The first page is asked for with nothing.
    async fn read_page(
        &self,
        partition: &PartitionKey,
        rows: &RowRange,
        from: String,
    ) -> Result<(Vec<Stored>, Option<String>), StorageError> {
        if rows.from >= rows.until {
            return Ok((Vec::new(), None));
        }
        let filter = format!(
            "PartitionKey eq '{}' and RowKey ge '{}' and RowKey lt '{}'",
            literal(&partition.0),
            literal(&rows.from),
            literal(&rows.until),
        );
        let query = format!("$filter={}{from}", batch::percent_encode(&filter));
        let resource = format!("{}()", self.table);
        let Some(answer) = self.read(partition, &resource, Some(&query)).await? else {
            // The table may be missing from the start, but not go away between two pages.
            return match from.is_empty() {
                true => Ok((Vec::new(), None)),
                false => Err(gone(partition)),
            };
        };
        let page =
            entity::decode_page(answer.body()).map_err(|problem| problem.of(READ, partition))?;
        let next = continuation(&answer);
        Ok((page, (!next.is_empty()).then_some(next)))
    }
}

const TRANSACT: &str = "send transaction to partition";
const READ: &str = "read entities of partition";

#[async_trait]
impl EntityStore for AzureEntityStore {
    async fn transact(
        &self,
        partition: &PartitionKey,
        operations: &[Operation],
    ) -> Result<Outcome, StorageError> {
        limits::check(partition, operations).map_err(|refusal| refusal.of(partition))?;
        if operations.is_empty() {
            return Ok(Outcome::Committed);
        }

        within(TRANSACT, partition, self.patience, async {
            let mut answer = self.send_batch(partition, operations).await?;
            if matches!(answer, Answer::NoTable(_)) {
                self.create_table().await?;
                answer = self.send_batch(partition, operations).await?;
            }
            match answer {
                Answer::Done => Ok(Outcome::Committed),
                Answer::Conflict => Ok(Outcome::Conflict),
                Answer::NoTable(refusal) | Answer::Refused(refusal) => {
                    Err(refused(TRANSACT, partition, refusal))
                }
                Answer::Broken(words) => Err(StorageError {
                    operation: TRANSACT,
                    object: partition.to_string(),
                    kind: ErrorKind::Transient,
                    source: Box::new(Cause::NoAnswer(words)),
                }),
            }
        })
        .await
    }

    async fn get(
        &self,
        partition: &PartitionKey,
        row: &str,
    ) -> Result<Option<Stored>, StorageError> {
        let resource = batch::resource(&self.table, partition, row);
        let Some(answer) = self.read(partition, &resource, None).await? else {
            return Ok(None);
        };
        entity::decode_one(answer.body())
            .map(Some)
            .map_err(|problem| problem.of(READ, partition))
    }

    async fn range(
        &self,
        partition: &PartitionKey,
        rows: &RowRange,
    ) -> Result<Vec<Stored>, StorageError> {
        let mut found = Vec::new();
        let mut next = Some(String::new());
        while let Some(from) = next {
            let page;
            (page, next) = self.read_page(partition, rows, from).await?;
            found.extend(page);
        }
        Ok(found)
    }

    async fn page(
        &self,
        partition: &PartitionKey,
        rows: &RowRange,
    ) -> Result<Vec<Stored>, StorageError> {
        let mut next = Some(String::new());
        while let Some(from) = next {
            let page;
            (page, next) = self.read_page(partition, rows, from).await?;
            if !page.is_empty() {
                return Ok(page);
            }
        }
        Ok(Vec::new())
    }
}

fn gone(partition: &PartitionKey) -> StorageError {
    StorageError {
        operation: READ,
        object: partition.to_string(),
        kind: ErrorKind::NotFound,
        source: Box::new(Cause::NoAnswer("the table went away".to_owned())),
    }
}

/// Returns what asks for the page after this one; nothing after the last.
fn continuation(answer: &RawResponse) -> String {
    let mut query = String::new();
    for (header, parameter) in [
        ("x-ms-continuation-nextpartitionkey", "NextPartitionKey"),
        ("x-ms-continuation-nextrowkey", "NextRowKey"),
    ] {
        if let Some(value) = answer.headers().get_optional_str(&header.into()) {
            query.push_str(&format!("&{parameter}={}", batch::percent_encode(value)));
        }
    }
    query
}

/// Writes a key as the inside of an OData string.
fn literal(key: &str) -> String {
    escape(key).replace('\'', "''")
}

async fn within<T>(
    operation: &'static str,
    partition: &PartitionKey,
    patience: Duration,
    work: impl Future<Output = Result<T, StorageError>>,
) -> Result<T, StorageError> {
    tokio::time::timeout(patience, work)
        .await
        .unwrap_or_else(|_| Err(StorageError::timed_out(operation, partition, patience)))
}

fn refused(
    operation: &'static str,
    object: impl ToString,
    refusal: batch::Refused,
) -> StorageError {
    let kind = if refusal.code == "TableBeingDeleted" {
        ErrorKind::Transient
    } else {
        kind_of_status(refusal.status)
    };
    StorageError {
        operation,
        object: object.to_string(),
        kind,
        source: Box::new(Cause::Answer {
            status: refusal.status,
            code: refusal.code,
            message: refusal.message,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_transaction_without_an_answer_ends_after_its_time_and_is_transient() {
        // The system accepts the connection; nobody ever reads from it.
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = silent.local_addr().unwrap();
        let endpoints =
            ["Blob", "Queue", "Table"].map(|s| format!("{s}Endpoint=http://{address}/a"));
        let text = format!("AccountName=a;AccountKey=a2V5;{}", endpoints.join(";"));
        let account = StorageAccount::from_connection_string("Test", &text).unwrap();
        let state = AzureEntityStore {
            patience: Duration::from_millis(300),
            ..AzureEntityStore::new(&account, "sluice").unwrap()
        };

        let delete = Operation::Delete {
            row: "head".to_owned(),
            if_match: None,
        };
        let partition = PartitionKey("orders@1".to_owned());
        let error = state.transact(&partition, &[delete]).await.unwrap_err();
        assert!(error.is_transient(), "{error:?}");
        assert_eq!(error.source.to_string(), "no answer within 300ms");
    }
}
