//! Files of silver: written whole, read column by column.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, new_null_array};
use arrow_schema::{DataType, Schema, SchemaRef};
use bytes::Bytes;
use futures::future::{BoxFuture, FutureExt};
use futures::stream::{BoxStream, StreamExt};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ArrowReaderOptions;
use parquet::arrow::arrow_writer::ArrowWriter;
use parquet::arrow::async_reader::{AsyncFileReader, ParquetRecordBatchStreamBuilder};
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader, SortingColumn};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;
use thiserror::Error;

use super::log::DataFile;
use super::schema::arrow_schema;
use crate::dataset::ColumnIndex;
use crate::dataset::Dataset;
use crate::store::StorageError;
use crate::store::object::{ObjectPath, ObjectStore};
use crate::value::hash::RowHasher;

/// Files up to this size are read in one request; of larger ones only the columns asked for.
const WHOLE_FILE_BYTES: u64 = 4 * 1024 * 1024;
/// Values that are looked at to see whether a dictionary of them is worth its time.
const SAMPLE: usize = 1_000;
/// Rows that are decoded at a time.
const BATCH_ROWS: usize = 64 * 1024;

/// A file of silver that cannot be read.
#[derive(Debug, Error)]
pub enum ReadFileError {
    /// The file is not there (any more).
    #[error("silver file {path} is gone")]
    Gone {
        /// Where it was.
        path: ObjectPath,
    },
    /// The lake failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// It is not the Parquet file that it should be.
    #[error("decode silver file {path}")]
    Decode {
        /// Where it is.
        path: ObjectPath,
        /// What is wrong.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// A file that could not be encoded.
#[derive(Debug, Error)]
#[error("encode Parquet")]
pub struct EncodeError(#[from] ParquetError);

/// Encodes rows, sorted by event time, as one Parquet file: zstd, statistics on every column.
///
/// # Errors
/// Fails if the batch does not fit its own schema.
pub fn encode(batch: &RecordBatch, event_time: ColumnIndex) -> Result<Bytes, EncodeError> {
    // An index of a column: a file has far fewer than two billion.
    let event_time = i32::try_from(event_time.position()).map_err(|_| too_many_columns())?;
    let sorted = SortingColumn {
        column_idx: event_time,
        descending: false,
        nulls_first: false,
    };
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_sorting_columns(Some(vec![sorted]))
        .set_created_by(concat!("sluice ", env!("CARGO_PKG_VERSION")).to_owned());
    for (field, column) in batch.schema_ref().fields().iter().zip(batch.columns()) {
        let path = ColumnPath::from(field.name().as_str());
        properties = properties.set_column_dictionary_enabled(path, repeats(column));
    }
    let mut file = Vec::with_capacity(batch.num_rows() * 16 + 4096);
    let mut writer = ArrowWriter::try_new(&mut file, batch.schema(), Some(properties.build()))?;
    writer.write(batch)?;
    writer.close()?;
    Ok(Bytes::from(file))
}

fn too_many_columns() -> ParquetError {
    ParquetError::General("the event time has no column number".to_owned())
}

/// Returns whether a column has values that occur again and again, as far as a sample of them shows. A dictionary of other
/// values takes much time to build and is given up in the end.
fn repeats(column: &ArrayRef) -> bool {
    // A number of a line or a record.
    if column.data_type() == &DataType::Int32 {
        return false;
    }
    let step = column.len() / SAMPLE + 1;
    let Ok(mut hasher) = RowHasher::new(std::slice::from_ref(column), column.len()) else {
        return true;
    };
    let sample: Vec<u128> = (0..column.len())
        .step_by(step)
        .map(|row| hasher.hash(row))
        .collect();
    let distinct: HashSet<&u128> = sample.iter().collect();
    distinct.len() * 2 <= sample.len()
}

/// Reads columns of a file, as batches with exactly these columns of the dataset, in this order. A column that is
/// younger than the file is null.
///
/// # Errors
/// Fails if the file is gone, the lake fails or the file is not what it should be; so can every batch.
pub async fn read_columns(
    lake: &Arc<dyn ObjectStore>,
    file: &DataFile,
    dataset: &Dataset,
    columns: &[ColumnIndex],
) -> Result<BoxStream<'static, Result<RecordBatch, ReadFileError>>, ReadFileError> {
    let path = file.path.clone();
    let reader = LakeFile::open(Arc::clone(lake), file).await?;
    let decode = decode_error(&path);
    let options = ArrowReaderOptions::new();
    let builder = ParquetRecordBatchStreamBuilder::new_with_options(reader, options)
        .await
        .map_err(&decode)?;

    let schema = arrow_schema(dataset);
    let columns: Vec<usize> = columns.iter().map(|index| index.position()).collect();
    let wanted = schema
        .project(&columns)
        .map_err(|error| decode(ParquetError::from(error)))?;
    let present: HashMap<&str, usize> = builder
        .schema()
        .fields()
        .iter()
        .enumerate()
        .map(|(index, field)| (field.name().as_str(), index))
        .collect();
    let roots = wanted
        .fields()
        .iter()
        .filter_map(|field| present.get(field.name().as_str()));
    let mask = ProjectionMask::roots(builder.parquet_schema(), roots.copied());
    let stream = builder
        .with_projection(mask)
        .with_batch_size(BATCH_ROWS)
        .build()
        .map_err(&decode)?;

    let wanted = Arc::new(wanted);
    Ok(stream
        .map(move |batch| {
            let batch = batch.map_err(decode_error(&path))?;
            conform(&batch, &wanted).map_err(decode_error(&path))
        })
        .boxed())
}

/// Puts the columns in the order wanted, with nulls for those that the file does not have.
fn conform(batch: &RecordBatch, wanted: &SchemaRef) -> Result<RecordBatch, ParquetError> {
    let rows = batch.num_rows();
    let mut fields = Vec::with_capacity(wanted.fields().len());
    let mut columns: Vec<ArrayRef> = Vec::with_capacity(wanted.fields().len());
    for field in wanted.fields() {
        match batch.column_by_name(field.name()) {
            Some(column) if column.data_type() == field.data_type() => {
                columns.push(Arc::clone(column));
                fields.push(Arc::clone(field));
            }
            Some(column) => {
                let (name, expected, found) = (field.name(), field.data_type(), column.data_type());
                return Err(ParquetError::General(format!(
                    "column {name} is {found}, not {expected}"
                )));
            }
            None => {
                columns.push(new_null_array(field.data_type(), rows));
                fields.push(Arc::new(field.as_ref().clone().with_nullable(true)));
            }
        }
    }
    let options = arrow_array::RecordBatchOptions::new().with_row_count(Some(rows));
    let schema = Arc::new(Schema::new(fields));
    Ok(RecordBatch::try_new_with_options(
        schema, columns, &options,
    )?)
}

fn decode_error(path: &ObjectPath) -> impl Fn(ParquetError) -> ReadFileError + use<> {
    let path = path.clone();
    move |error| match error {
        ParquetError::External(source) => match source.downcast::<ReadFileError>() {
            Ok(cause) => *cause,
            Err(source) => ReadFileError::Decode {
                path: path.clone(),
                source,
            },
        },
        error => ReadFileError::Decode {
            path: path.clone(),
            source: Box::new(error),
        },
    }
}

/// Gives the Parquet reader the bytes it asks for.
#[derive(Debug)]
struct LakeFile {
    lake: Arc<dyn ObjectStore>,
    path: ObjectPath,
    size: u64,
    whole: Option<Bytes>,
}

impl LakeFile {
    async fn open(lake: Arc<dyn ObjectStore>, file: &DataFile) -> Result<Self, ReadFileError> {
        let (path, size) = (file.path.clone(), file.bytes);
        let whole = match size <= WHOLE_FILE_BYTES {
            true => {
                let content = lake.get(&path).await?;
                Some(content.ok_or_else(|| ReadFileError::Gone { path: path.clone() })?)
            }
            false => None,
        };
        Ok(Self {
            lake,
            path,
            size,
            whole,
        })
    }

    async fn range(&self, range: Range<u64>) -> Result<Bytes, ReadFileError> {
        if let Some(whole) = &self.whole {
            let bounds = usize::try_from(range.start)
                .ok()
                .zip(usize::try_from(range.end).ok());
            if let Some((start, end)) =
                bounds.filter(|(start, end)| start <= end && *end <= whole.len())
            {
                return Ok(whole.slice(start..end));
            }
            let source = format!("the file ends before byte {}", range.end).into();
            return Err(ReadFileError::Decode {
                path: self.path.clone(),
                source,
            });
        }
        let content = self.lake.get_range(&self.path, range).await?;
        content.ok_or_else(|| ReadFileError::Gone {
            path: self.path.clone(),
        })
    }
}

impl AsyncFileReader for LakeFile {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, parquet::errors::Result<Bytes>> {
        async move {
            self.range(range)
                .await
                .map_err(|error| ParquetError::External(Box::new(error)))
        }
        .boxed()
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
