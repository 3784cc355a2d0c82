//! Files of silver, read by means of their own: nothing here is shared with the code that is audited.

use std::ops::Range;
use std::sync::Arc;

use arrow_array::RecordBatch;
use bytes::Bytes;
use futures::future::{BoxFuture, FutureExt};
use futures::stream::{BoxStream, StreamExt};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ArrowReaderOptions;
use parquet::arrow::async_reader::{AsyncFileReader, ParquetRecordBatchStreamBuilder};
use parquet::errors::ParquetError;
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};
use sluice::store::StorageError;
use sluice::store::object::{ObjectPath, ObjectStore};
use sluice::table::log::DataFile;

/// Files up to this size are read in one request.
const WHOLE_BYTES: u64 = 8 * 1024 * 1024;
const BATCH_ROWS: usize = 32 * 1024;

/// Why a file cannot be read.
pub(crate) enum FileError {
    /// The lake failed.
    Storage(StorageError),
    /// The file is not what it should be: a difference, in words.
    Broken(String),
}

/// A file whose footer has been read.
pub(crate) struct OpenFile {
    path: ObjectPath,
    builder: ParquetRecordBatchStreamBuilder<Reader>,
}

impl OpenFile {
    pub(crate) async fn open(
        lake: Arc<dyn ObjectStore>,
        file: &DataFile,
    ) -> Result<Self, FileError> {
        let path = file.path.clone();
        let gone = || FileError::Broken(format!("{path} is in the log and not in the lake"));
        let whole = match file.bytes <= WHOLE_BYTES {
            true => Some(
                lake.get(&path)
                    .await
                    .map_err(FileError::Storage)?
                    .ok_or_else(gone)?,
            ),
            false => None,
        };
        let size = whole
            .as_ref()
            .map_or(file.bytes, |whole| whole.len() as u64);
        if size != file.bytes {
            return Err(FileError::Broken(format!(
                "{path} has {size} bytes and the log says {}",
                file.bytes
            )));
        }
        let reader = Reader {
            lake,
            path: path.clone(),
            size,
            whole,
        };
        let builder = ParquetRecordBatchStreamBuilder::new(reader).await;
        let builder = builder.map_err(|error| broken(&path, error))?;
        Ok(Self { path, builder })
    }

    /// The rows that the footer promises; a number below 0 is none, which is not what the log says.
    pub(crate) fn rows(&self) -> u64 {
        u64::try_from(self.builder.metadata().file_metadata().num_rows()).unwrap_or(0)
    }

    /// Reads those of the columns that the file has.
    pub(crate) fn read(
        self,
        columns: &[String],
    ) -> Result<BoxStream<'static, Result<RecordBatch, FileError>>, FileError> {
        let fields = self.builder.schema().fields();
        let roots = fields
            .iter()
            .enumerate()
            .filter(|(_, field)| columns.contains(field.name()))
            .map(|(index, _)| index);
        let mask = ProjectionMask::roots(self.builder.parquet_schema(), roots);
        let path = self.path;
        let stream = self
            .builder
            .with_projection(mask)
            .with_batch_size(BATCH_ROWS)
            .build()
            .map_err(|error| broken(&path, error))?;
        Ok(stream
            .map(move |batch| batch.map_err(|error| broken(&path, error)))
            .boxed())
    }
}

fn broken(path: &ObjectPath, error: ParquetError) -> FileError {
    let error = match error {
        ParquetError::External(source) => match source.downcast::<StorageError>() {
            Ok(storage) => return FileError::Storage(*storage),
            Err(source) => ParquetError::External(source),
        },
        error => error,
    };
    FileError::Broken(format!("{path} cannot be read: {error}"))
}

/// Gives the Parquet reader the bytes it asks for.
struct Reader {
    lake: Arc<dyn ObjectStore>,
    path: ObjectPath,
    size: u64,
    whole: Option<Bytes>,
}

impl Reader {
    async fn bytes(&self, range: Range<u64>) -> Result<Bytes, ParquetError> {
        if let Some(whole) = &self.whole {
            let bounds = usize::try_from(range.start)
                .ok()
                .zip(usize::try_from(range.end).ok());
            let bounds = bounds.filter(|(start, end)| start <= end && *end <= whole.len());
            let short = || ParquetError::EOF(format!("the file ends before byte {}", range.end));
            let (start, end) = bounds.ok_or_else(short)?;
            return Ok(whole.slice(start..end));
        }
        let read = self.lake.get_range(&self.path, range).await;
        let read = read.map_err(|error| ParquetError::External(Box::new(error)))?;
        read.ok_or_else(|| ParquetError::General("it is not in the lake".to_owned()))
    }
}

impl AsyncFileReader for Reader {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, parquet::errors::Result<Bytes>> {
        async move { self.bytes(range).await }.boxed()
    }

    fn get_metadata<'a>(
        &'a mut self,
        _options: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, parquet::errors::Result<Arc<ParquetMetaData>>> {
        async move {
            let size = self.size;
            let reader = ParquetMetaDataReader::new().with_prefetch_hint(Some(64 * 1024));
            Ok(Arc::new(reader.load_and_finish(self, size).await?))
        }
        .boxed()
    }
}
