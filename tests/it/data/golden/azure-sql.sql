-- What is somebody else's is never replaced: where it is in the way, this says so and nothing is changed.
EXEC sp_set_session_context @key = N'sluice_refused', @value = NULL;
DROP TABLE IF EXISTS #sluice_books;
CREATE TABLE #sluice_books ([gold_table] nvarchar(128) COLLATE DATABASE_DEFAULT, [dataset] nvarchar(128) COLLATE DATABASE_DEFAULT,
    [physical] nvarchar(128) COLLATE DATABASE_DEFAULT, [rankings] nvarchar(max) COLLATE DATABASE_DEFAULT);
DECLARE @read nvarchar(max) = N'INSERT INTO #sluice_books SELECT [gold_table], ' + CASE WHEN COL_LENGTH(N'[gold].[sluice_progress]', N'dataset') IS NULL THEN N'NULL' ELSE N'[dataset]' END + N', ' + CASE WHEN COL_LENGTH(N'[gold].[sluice_progress]', N'physical') IS NULL THEN N'NULL' ELSE N'[physical]' END + N', ' + CASE WHEN COL_LENGTH(N'[gold].[sluice_progress]', N'rankings') IS NULL THEN N'NULL' ELSE N'[rankings]' END
    + N' FROM ' + N'[gold].[sluice_progress]';
IF OBJECT_ID(N'[gold].[sluice_progress]', N'U') IS NOT NULL EXEC(@read);
DECLARE @names TABLE ([name] nvarchar(128), [table] nvarchar(128), [kind] nvarchar(10));
INSERT INTO @names VALUES (N'sluice_progress', N'sluice_progress', N'book'),
    (N'sluice_freshness', N'sluice_freshness', N'book'),
    (N'sluice_next', N'sluice_next', N'book'),
    (N'sluice_builds', N'sluice_builds', N'book'),
    (N'sluice_old', N'sluice_old', N'book'),
    (N'sluice_balance', N'sluice_balance', N'view'),
    (N'hourly', N'hourly', N'public'),
    (N'hourly_report', N'hourly', N'view'),
    (N'daily', N'daily', N'public'),
    (N'daily_report', N'daily', N'view'),
    (N'monthly', N'monthly', N'public'),
    (N'monthly_report', N'monthly', N'view'),
    (N'ever', N'ever', N'public'),
    (N'ever_report', N'ever', N'view'),
    (N'windows', N'windows', N'public'),
    (N'windows_report', N'windows', N'view'),
    (N'weekly', N'weekly', N'public'),
    (N'weekly_report', N'weekly', N'view'),
    (N'filtered', N'filtered', N'public'),
    (N'filtered_report', N'filtered', N'view'),
    (N'kinds', N'kinds', N'public'),
    (N'kinds_report', N'kinds', N'view'),
    (N'local_days', N'local_days', N'public'),
    (N'local_days_report', N'local_days', N'view'),
    (N'overlapping', N'overlapping', N'public'),
    (N'overlapping_report', N'overlapping', N'view'),
    (N'best_kinds', N'daily', N'view'),
    (N'best_hours', N'hourly', N'view'),
    (N'by_kind', N'kinds', N'view'),
    (N'all_kinds', N'kinds', N'view');
DECLARE @columns TABLE ([table] nvarchar(128), [name] nvarchar(128), [type] nvarchar(128));
INSERT INTO @columns VALUES (N'hourly', N'hour', N'datetime2'),
    (N'hourly', N'_key', N'binary'),
    (N'hourly', N'n', N'bigint'),
    (N'hourly', N'total', N'decimal'),
    (N'hourly', N'mean_sum', N'decimal'),
    (N'hourly', N'mean_count', N'bigint'),
    (N'hourly', N'low', N'float'),
    (N'hourly', N'high', N'float'),
    (N'hourly', N'first', N'date'),
    (N'hourly', N'last', N'datetime2'),
    (N'hourly', N'ids', N'decimal'),
    (N'hourly', N'mean_id_sum', N'decimal'),
    (N'hourly', N'mean_id_count', N'bigint'),
    (N'daily', N'day', N'date'),
    (N'daily', N'_key', N'binary'),
    (N'daily', N'kind', N'nvarchar'),
    (N'daily', N'flag', N'bit'),
    (N'daily', N'n', N'bigint'),
    (N'daily', N'total', N'decimal'),
    (N'daily', N'largest', N'decimal'),
    (N'monthly', N'month', N'date'),
    (N'monthly', N'_key', N'binary'),
    (N'monthly', N'amount', N'decimal'),
    (N'monthly', N'born', N'date'),
    (N'monthly', N'seen', N'datetime2'),
    (N'monthly', N'id', N'bigint'),
    (N'monthly', N'n', N'bigint'),
    (N'monthly', N'smallest', N'decimal'),
    (N'monthly', N'lowest_id', N'bigint'),
    (N'ever', N'_key', N'binary'),
    (N'ever', N'n', N'bigint'),
    (N'ever', N'total', N'decimal'),
    (N'windows', N'window_start', N'datetime2'),
    (N'windows', N'_key', N'binary'),
    (N'windows', N'kind', N'nvarchar'),
    (N'windows', N'n', N'bigint'),
    (N'windows', N'mean_sum', N'decimal'),
    (N'windows', N'mean_count', N'bigint'),
    (N'weekly', N'week', N'date'),
    (N'weekly', N'_key', N'binary'),
    (N'weekly', N'n', N'bigint'),
    (N'filtered', N'day', N'date'),
    (N'filtered', N'_key', N'binary'),
    (N'filtered', N'n', N'bigint'),
    (N'filtered', N'large', N'bigint'),
    (N'filtered', N'mean_sum', N'decimal'),
    (N'filtered', N'mean_count', N'bigint'),
    (N'kinds', N'_key', N'binary'),
    (N'kinds', N'kind', N'nvarchar'),
    (N'kinds', N'id', N'bigint'),
    (N'kinds', N'n', N'bigint'),
    (N'kinds', N'total', N'decimal'),
    (N'kinds', N'highest', N'float'),
    (N'kinds', N'seen', N'datetime2'),
    (N'local_days', N'day', N'date'),
    (N'local_days', N'_key', N'binary'),
    (N'local_days', N'kind', N'nvarchar'),
    (N'local_days', N'n', N'bigint'),
    (N'local_days', N'total', N'decimal'),
    (N'overlapping', N'window_start', N'datetime2'),
    (N'overlapping', N'_key', N'binary'),
    (N'overlapping', N'kind', N'nvarchar'),
    (N'overlapping', N'n', N'bigint'),
    (N'overlapping', N'mean_sum', N'decimal'),
    (N'overlapping', N'mean_count', N'bigint');
DECLARE @problem nvarchar(2048) = (SELECT TOP (1) N'gold cannot show ' + n.[table] + N': ' + n.[name] + N' is a name of dataset '
    + b.[dataset] + N' here; give one of the two another name, or its dataset another database schema'
FROM @names AS n JOIN #sluice_books AS b ON b.[dataset] <> N'things' AND (LOWER(n.[name]) IN (LOWER(b.[gold_table]), LOWER(b.[gold_table] + N'_report'))
    OR CHARINDEX(N',' + LOWER(n.[name]) + N',', N',' + LOWER(b.[rankings]) + N',') > 0)
WHERE n.[kind] <> N'book');
IF @problem IS NULL SET @problem = (SELECT TOP (1) N'gold cannot show ' + n.[table] + N': ' + n.[name]
    + N' is there and gold has not made it; drop or rename it, or give what has its name in the dataset file another one'
FROM @names AS n
JOIN sys.objects AS o ON LOWER(o.[name] COLLATE DATABASE_DEFAULT) = LOWER(n.[name])
JOIN sys.schemas AS s ON s.[schema_id] = o.[schema_id] AND LOWER(s.[name]) = LOWER(N'gold')
LEFT JOIN #sluice_books AS b ON b.[gold_table] = n.[table]
WHERE CASE
    WHEN n.[kind] = N'book' THEN CASE WHEN RTRIM(o.[type]) = N'U' THEN 0 ELSE 1 END
    WHEN RTRIM(o.[type]) = N'V' THEN CASE WHEN CHARINDEX(N'/* sluice ', OBJECT_DEFINITION(o.[object_id])) > 0 THEN 0 ELSE 1 END
    WHEN n.[kind] <> N'public' OR RTRIM(o.[type]) <> N'U' OR b.[physical] IS NOT NULL THEN 1
    WHEN b.[gold_table] IS NOT NULL THEN 0
    WHEN EXISTS (SELECT 1 FROM @columns AS e WHERE e.[table] = n.[table] AND NOT EXISTS (SELECT 1 FROM sys.columns AS c
        WHERE c.[object_id] = o.[object_id] AND LOWER(c.[name] COLLATE DATABASE_DEFAULT) = LOWER(e.[name])
        AND TYPE_NAME(c.[user_type_id]) COLLATE DATABASE_DEFAULT = e.[type])) THEN 1
    WHEN (SELECT COUNT(*) FROM sys.columns AS c WHERE c.[object_id] = o.[object_id])
        <> (SELECT COUNT(*) FROM @columns AS e WHERE e.[table] = n.[table]) THEN 1
    ELSE 0 END = 1);
IF @problem IS NOT NULL
BEGIN
    EXEC sp_set_session_context @key = N'sluice_refused', @value = 1;
    THROW 50039, @problem, 1;
END;
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
IF NOT EXISTS (SELECT 1 FROM sys.schemas WHERE LOWER([name]) = LOWER(N'gold'))
    EXEC(N'CREATE SCHEMA [gold]');
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
-- How far each gold table has come: the loader's own book.
IF OBJECT_ID(N'[gold].[sluice_progress]', N'U') IS NULL
CREATE TABLE [gold].[sluice_progress] (
    [gold_table] nvarchar(128) NOT NULL,
    [generation] bigint NOT NULL,
    [definition] nvarchar(64) NOT NULL,
    [version] bigint NOT NULL,
    [dataset] nvarchar(128) NULL,
    [log] nvarchar(64) NULL,
    [physical] nvarchar(128) NULL,
    [n] bigint NULL,
    [text] nvarchar(max) NULL,
    [rankings] nvarchar(max) NULL,
    [kept_from] datetime2(6) NULL,
    PRIMARY KEY ([gold_table])
);
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
IF COL_LENGTH(N'[gold].[sluice_progress]', N'dataset') IS NULL
    ALTER TABLE [gold].[sluice_progress] ADD [dataset] nvarchar(128) NULL;
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
IF COL_LENGTH(N'[gold].[sluice_progress]', N'log') IS NULL
    ALTER TABLE [gold].[sluice_progress] ADD [log] nvarchar(64) NULL;
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
IF COL_LENGTH(N'[gold].[sluice_progress]', N'physical') IS NULL
    ALTER TABLE [gold].[sluice_progress] ADD [physical] nvarchar(128) NULL;
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
IF COL_LENGTH(N'[gold].[sluice_progress]', N'n') IS NULL
    ALTER TABLE [gold].[sluice_progress] ADD [n] bigint NULL;
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
IF COL_LENGTH(N'[gold].[sluice_progress]', N'text') IS NULL
    ALTER TABLE [gold].[sluice_progress] ADD [text] nvarchar(max) NULL;
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
IF COL_LENGTH(N'[gold].[sluice_progress]', N'rankings') IS NULL
    ALTER TABLE [gold].[sluice_progress] ADD [rankings] nvarchar(max) NULL;
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
IF COL_LENGTH(N'[gold].[sluice_progress]', N'kept_from') IS NULL
    ALTER TABLE [gold].[sluice_progress] ADD [kept_from] datetime2(6) NULL;
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
-- How fresh each gold table is.
IF OBJECT_ID(N'[gold].[sluice_freshness]', N'U') IS NULL
CREATE TABLE [gold].[sluice_freshness] (
    [gold_table] nvarchar(128) NOT NULL,
    [watermark] datetime2(6) NULL,
    [settled_until] datetime2(0) NULL,
    [version] bigint NULL,
    [last_run] datetime2(6) NULL,
    [dataset] nvarchar(128) NULL,
    [state] nvarchar(64) NULL,
    [reason] nvarchar(max) NULL,
    [blocked_version] bigint NULL,
    [blocked_definition] nvarchar(64) NULL,
    [blocked_stamp] bigint NULL,
    [blocked_at] datetime2(6) NULL,
    [generation] bigint NULL,
    [next_generation] bigint NULL,
    [next_done] bigint NULL,
    [pending_objects] bigint NULL,
    [oldest_pending] datetime2(6) NULL,
    [events] bigint NULL,
    [records] bigint NULL,
    [rows] bigint NULL,
    [duplicates] bigint NULL,
    [filtered] bigint NULL,
    [quarantined] bigint NULL,
    [redriven] bigint NULL,
    [rows_taken] bigint NULL,
    [counted_version] bigint NULL,
    PRIMARY KEY ([gold_table])
);
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
IF COL_LENGTH(N'[gold].[sluice_freshness]', N'watermark') IS NULL
    ALTER TABLE [gold].[sluice_freshness] ADD [watermark] datetime2(6) NULL;
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
IF COL_LENGTH(N'[gold].[sluice_freshness]', N'settled_until') IS NULL
    ALTER TABLE [gold].[sluice_freshness] ADD [settled_until] datetime2(0) NULL;
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
IF COL_LENGTH(N'[gold].[sluice_freshness]', N'version') IS NULL
    ALTER TABLE [gold].[sluice_freshness] ADD [version] bigint NULL;
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
IF COL_LENGTH(N'[gold].[sluice_freshness]', N'last_run') IS NULL
    ALTER TABLE [gold].[sluice_freshness] ADD [last_run] datetime2(6) NULL;
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
IF COL_LENGTH(N'[gold].[sluice_freshness]', N'dataset') IS NULL
    ALTER TABLE [gold].[sluice_freshness] ADD [dataset] nvarchar(128) NULL;
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
IF COL_LENGTH(N'[gold].[sluice_freshness]', N'state') IS NULL
    ALTER TABLE [gold].[sluice_freshness] ADD [state] nvarchar(64) NULL;
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
IF COL_LENGTH(N'[gold].[sluice_freshness]', N'reason') IS NULL
    ALTER TABLE [gold].[sluice_freshness] ADD [reason] nvarchar(max) NULL;
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
IF COL_LENGTH(N'[gold].[sluice_freshness]', N'blocked_version') IS NULL
    ALTER TABLE [gold].[sluice_freshness] ADD [blocked_version] bigint NULL;
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
IF COL_LENGTH(N'[gold].[sluice_freshness]', N'blocked_definition') IS NULL
    ALTER TABLE [gold].[sluice_freshness] ADD [blocked_definition] nvarchar(64) NULL;
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
IF COL_LENGTH(N'[gold].[sluice_freshness]', N'blocked_stamp') IS NULL
    ALTER TABLE [gold].[sluice_freshness] ADD [blocked_stamp] bigint NULL;
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
IF COL_LENGTH(N'[gold].[sluice_freshness]', N'blocked_at') IS NULL
    ALTER TABLE [gold].[sluice_freshness] ADD [blocked_at] datetime2(6) NULL;
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
IF COL_LENGTH(N'[gold].[sluice_freshness]', N'generation') IS NULL
    ALTER TABLE [gold].[sluice_freshness] ADD [generation] bigint NULL;
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
IF COL_LENGTH(N'[gold].[sluice_freshness]', N'next_generation') IS NULL
    ALTER TABLE [gold].[sluice_freshness] ADD [next_generation] bigint NULL;
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
IF COL_LENGTH(N'[gold].[sluice_freshness]', N'next_done') IS NULL
    ALTER TABLE [gold].[sluice_freshness] ADD [next_done] bigint NULL;
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
IF COL_LENGTH(N'[gold].[sluice_freshness]', N'pending_objects') IS NULL
    ALTER TABLE [gold].[sluice_freshness] ADD [pending_objects] bigint NULL;
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
IF COL_LENGTH(N'[gold].[sluice_freshness]', N'oldest_pending') IS NULL
    ALTER TABLE [gold].[sluice_freshness] ADD [oldest_pending] datetime2(6) NULL;
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
IF COL_LENGTH(N'[gold].[sluice_freshness]', N'events') IS NULL
    ALTER TABLE [gold].[sluice_freshness] ADD [events] bigint NULL;
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
IF COL_LENGTH(N'[gold].[sluice_freshness]', N'records') IS NULL
    ALTER TABLE [gold].[sluice_freshness] ADD [records] bigint NULL;
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
IF COL_LENGTH(N'[gold].[sluice_freshness]', N'rows') IS NULL
    ALTER TABLE [gold].[sluice_freshness] ADD [rows] bigint NULL;
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
IF COL_LENGTH(N'[gold].[sluice_freshness]', N'duplicates') IS NULL
    ALTER TABLE [gold].[sluice_freshness] ADD [duplicates] bigint NULL;
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
IF COL_LENGTH(N'[gold].[sluice_freshness]', N'filtered') IS NULL
    ALTER TABLE [gold].[sluice_freshness] ADD [filtered] bigint NULL;
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
IF COL_LENGTH(N'[gold].[sluice_freshness]', N'quarantined') IS NULL
    ALTER TABLE [gold].[sluice_freshness] ADD [quarantined] bigint NULL;
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
IF COL_LENGTH(N'[gold].[sluice_freshness]', N'redriven') IS NULL
    ALTER TABLE [gold].[sluice_freshness] ADD [redriven] bigint NULL;
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
IF COL_LENGTH(N'[gold].[sluice_freshness]', N'rows_taken') IS NULL
    ALTER TABLE [gold].[sluice_freshness] ADD [rows_taken] bigint NULL;
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
IF COL_LENGTH(N'[gold].[sluice_freshness]', N'counted_version') IS NULL
    ALTER TABLE [gold].[sluice_freshness] ADD [counted_version] bigint NULL;
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
-- The tables that are being made beside the live ones: the loader's own book.
IF OBJECT_ID(N'[gold].[sluice_next]', N'U') IS NULL
CREATE TABLE [gold].[sluice_next] (
    [gold_table] nvarchar(128) NOT NULL,
    [dataset] nvarchar(128) NOT NULL,
    [generation] bigint NOT NULL,
    [definition] nvarchar(64) NOT NULL,
    [physical] nvarchar(128) NULL,
    [log] nvarchar(64) NULL,
    [base_version] bigint NULL,
    [files_done] bigint NULL,
    [version] bigint NULL,
    [stamp] bigint NULL,
    [is_asked] bigint NULL,
    [since] datetime2(6) NULL,
    [state] nvarchar(64) NULL,
    [reason] nvarchar(max) NULL,
    [noted_stamp] bigint NULL,
    [noted_at] datetime2(6) NULL,
    [rows_taken] bigint NULL,
    [rows_taken_at] bigint NULL,
    PRIMARY KEY ([gold_table])
);
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
IF COL_LENGTH(N'[gold].[sluice_next]', N'physical') IS NULL
    ALTER TABLE [gold].[sluice_next] ADD [physical] nvarchar(128) NULL;
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
IF COL_LENGTH(N'[gold].[sluice_next]', N'log') IS NULL
    ALTER TABLE [gold].[sluice_next] ADD [log] nvarchar(64) NULL;
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
IF COL_LENGTH(N'[gold].[sluice_next]', N'base_version') IS NULL
    ALTER TABLE [gold].[sluice_next] ADD [base_version] bigint NULL;
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
IF COL_LENGTH(N'[gold].[sluice_next]', N'files_done') IS NULL
    ALTER TABLE [gold].[sluice_next] ADD [files_done] bigint NULL;
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
IF COL_LENGTH(N'[gold].[sluice_next]', N'version') IS NULL
    ALTER TABLE [gold].[sluice_next] ADD [version] bigint NULL;
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
IF COL_LENGTH(N'[gold].[sluice_next]', N'stamp') IS NULL
    ALTER TABLE [gold].[sluice_next] ADD [stamp] bigint NULL;
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
IF COL_LENGTH(N'[gold].[sluice_next]', N'is_asked') IS NULL
    ALTER TABLE [gold].[sluice_next] ADD [is_asked] bigint NULL;
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
IF COL_LENGTH(N'[gold].[sluice_next]', N'since') IS NULL
    ALTER TABLE [gold].[sluice_next] ADD [since] datetime2(6) NULL;
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
IF COL_LENGTH(N'[gold].[sluice_next]', N'state') IS NULL
    ALTER TABLE [gold].[sluice_next] ADD [state] nvarchar(64) NULL;
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
IF COL_LENGTH(N'[gold].[sluice_next]', N'reason') IS NULL
    ALTER TABLE [gold].[sluice_next] ADD [reason] nvarchar(max) NULL;
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
IF COL_LENGTH(N'[gold].[sluice_next]', N'noted_stamp') IS NULL
    ALTER TABLE [gold].[sluice_next] ADD [noted_stamp] bigint NULL;
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
IF COL_LENGTH(N'[gold].[sluice_next]', N'noted_at') IS NULL
    ALTER TABLE [gold].[sluice_next] ADD [noted_at] datetime2(6) NULL;
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
IF COL_LENGTH(N'[gold].[sluice_next]', N'rows_taken') IS NULL
    ALTER TABLE [gold].[sluice_next] ADD [rows_taken] bigint NULL;
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
IF COL_LENGTH(N'[gold].[sluice_next]', N'rows_taken_at') IS NULL
    ALTER TABLE [gold].[sluice_next] ADD [rows_taken_at] bigint NULL;
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
-- The latest package that ever ran against each dataset's tables.
IF OBJECT_ID(N'[gold].[sluice_builds]', N'U') IS NULL
CREATE TABLE [gold].[sluice_builds] (
    [dataset] nvarchar(128) NOT NULL,
    [stamp] bigint NOT NULL,
    [hash] nvarchar(64) NOT NULL,
    PRIMARY KEY ([dataset])
);
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
-- The tables that were replaced, to be dropped when nobody reads them any more.
IF OBJECT_ID(N'[gold].[sluice_old]', N'U') IS NULL
CREATE TABLE [gold].[sluice_old] (
    [dataset] nvarchar(128) NOT NULL,
    [physical] nvarchar(128) NOT NULL,
    [since] datetime2(6) NOT NULL,
    PRIMARY KEY ([dataset], [physical])
);
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
-- What silver counts, and what each gold table has taken in: nothing is missing where is_balanced is 1.
EXEC(N'CREATE OR ALTER VIEW [gold].[sluice_balance] AS
/* sluice 897a57c0c5f3d75a529289eaacc8cdd0 */
SELECT
    f.[gold_table] AS [gold_table],
    f.[dataset] AS [dataset],
    f.[generation] AS [generation],
    f.[counted_version] AS [version],
    f.[events] AS [events],
    f.[records] AS [records],
    f.[rows] AS [rows],
    f.[duplicates] AS [duplicates],
    f.[filtered] AS [filtered],
    f.[quarantined] AS [quarantined],
    f.[redriven] AS [redriven],
    f.[records] + f.[redriven] - (f.[rows] + f.[duplicates] + f.[filtered] + f.[quarantined]) AS [unaccounted],
    f.[rows_taken] AS [rows_taken],
    f.[rows] - f.[rows_taken] AS [rows_missing],
    CAST(CASE WHEN f.[records] + f.[redriven] - (f.[rows] + f.[duplicates] + f.[filtered] + f.[quarantined]) = 0 AND f.[rows] - f.[rows_taken] = 0 THEN 1 WHEN f.[records] + f.[redriven] - (f.[rows] + f.[duplicates] + f.[filtered] + f.[quarantined]) <> 0 OR f.[rows] - f.[rows_taken] <> 0 THEN 0 END AS bit) AS [is_balanced]
FROM [gold].[sluice_freshness] AS f');
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
IF OBJECT_ID(N'[gold].[hourly]', N'U') IS NOT NULL AND OBJECT_ID(N'[gold].[hourly]', N'V') IS NULL
BEGIN
    EXEC sp_rename @objname = N'[gold].[hourly]', @newname = N'hourly__1', @objtype = N'OBJECT';
UPDATE [gold].[sluice_progress] SET [dataset] = N'things', [physical] = N'hourly__1', [n] = 1, [rankings] = N'best_hours' WHERE [gold_table] = N'hourly';
INSERT INTO [gold].[sluice_progress] ([gold_table], [generation], [definition], [version], [dataset], [physical], [n], [rankings])
SELECT N'hourly', 0, N'7d83e14e1a4737bcc650fbc2417ba380', 0, N'things', N'hourly__1', 1, N'best_hours'
WHERE NOT EXISTS (SELECT 1 FROM [gold].[sluice_progress] WHERE [gold_table] = N'hourly');
END;
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
-- A row for each hour.
IF NOT EXISTS (SELECT 1 FROM [gold].[sluice_progress] WHERE [gold_table] = N'hourly')
    AND OBJECT_ID(N'[gold].[hourly]', N'U') IS NULL AND OBJECT_ID(N'[gold].[hourly]', N'V') IS NULL
BEGIN
CREATE TABLE [gold].[hourly__1] (
    [hour] datetime2(0) NOT NULL,
    [_key] binary(16) NOT NULL,
    [n] bigint NOT NULL,
    [total] decimal(38,2) NULL,
    [mean_sum] decimal(38,2) NULL,
    [mean_count] bigint NOT NULL,
    [low] float NULL,
    [high] float NULL,
    [first] date NULL,
    [last] datetime2(6) NULL,
    [ids] decimal(38,0) NULL,
    [mean_id_sum] decimal(38,0) NULL,
    [mean_id_count] bigint NOT NULL,
    PRIMARY KEY ([hour], [_key])
);
INSERT INTO [gold].[sluice_progress] ([gold_table], [generation], [definition], [version], [dataset], [physical], [n], [rankings])
SELECT N'hourly', 0, N'7d83e14e1a4737bcc650fbc2417ba380', 0, N'things', N'hourly__1', 1, N'best_hours'
WHERE NOT EXISTS (SELECT 1 FROM [gold].[sluice_progress] WHERE [gold_table] = N'hourly');
END;
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
-- Where hourly is to be made anew: a table beside it, for a run to fill.
DECLARE @log nvarchar(64) = (SELECT [log] FROM [gold].[sluice_next] WHERE [gold_table] = N'hourly' AND [definition] = N'7d83e14e1a4737bcc650fbc2417ba380' AND [generation] = 3 AND [is_asked] = 1);
DECLARE @asked bigint = (SELECT [is_asked] FROM [gold].[sluice_next] WHERE [gold_table] = N'hourly' AND [definition] = N'7d83e14e1a4737bcc650fbc2417ba380' AND [generation] = 3);
DECLARE @n bigint = (SELECT ISNULL([n], 0) + 1 FROM [gold].[sluice_progress] WHERE [gold_table] = N'hourly' AND [generation] <> 0
    AND ([definition] <> N'7d83e14e1a4737bcc650fbc2417ba380' OR [generation] <> 3 OR @asked = 1)
    AND NOT EXISTS (SELECT 1 FROM [gold].[sluice_next] WHERE [gold_table] = N'hourly' AND [definition] = N'7d83e14e1a4737bcc650fbc2417ba380' AND [generation] = 3 AND [physical] IS NOT NULL));
IF @n IS NOT NULL
BEGIN
    DECLARE @physical nvarchar(128) = N'hourly__' + CAST(@n AS nvarchar(20));
    DECLARE @create nvarchar(max) = REPLACE(N'CREATE TABLE [gold].[hourly__1] (
    [hour] datetime2(0) NOT NULL,
    [_key] binary(16) NOT NULL,
    [n] bigint NOT NULL,
    [total] decimal(38,2) NULL,
    [mean_sum] decimal(38,2) NULL,
    [mean_count] bigint NOT NULL,
    [low] float NULL,
    [high] float NULL,
    [first] date NULL,
    [last] datetime2(6) NULL,
    [ids] decimal(38,0) NULL,
    [mean_id_sum] decimal(38,0) NULL,
    [mean_id_count] bigint NOT NULL,
    PRIMARY KEY ([hour], [_key])
)', N'[hourly__1]', QUOTENAME(@physical));
    BEGIN TRANSACTION;
    EXEC(@create);
    UPDATE [gold].[sluice_progress] SET [n] = @n WHERE [gold_table] = N'hourly';
    INSERT INTO [gold].[sluice_old] ([dataset], [physical], [since])
        SELECT [dataset], [physical], SYSUTCDATETIME() FROM [gold].[sluice_next] WHERE [gold_table] = N'hourly' AND [physical] IS NOT NULL;
    DELETE FROM [gold].[sluice_next] WHERE [gold_table] = N'hourly';
    INSERT INTO [gold].[sluice_next] ([gold_table], [dataset], [generation], [definition], [physical], [log], [is_asked])
        VALUES (N'hourly', N'things', 3, N'7d83e14e1a4737bcc650fbc2417ba380', @physical, @log, @asked);
    COMMIT TRANSACTION;
END;
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
-- A row for each hour.
DECLARE @physical nvarchar(128) = (SELECT [physical] FROM [gold].[sluice_progress]
    WHERE [gold_table] = N'hourly' AND [definition] = N'7d83e14e1a4737bcc650fbc2417ba380');
DECLARE @view nvarchar(max) = REPLACE(N'CREATE OR ALTER VIEW [gold].[hourly] AS
/* sluice fa033d8d09d71d116b8134bc9d0cae76 */
SELECT
    t.[hour] AS [hour],
    t.[_key] AS [_key],
    t.[n] AS [n],
    t.[total] AS [total],
    t.[mean_sum] AS [mean_sum],
    t.[mean_count] AS [mean_count],
    t.[low] AS [low],
    t.[high] AS [high],
    t.[first] AS [first],
    t.[last] AS [last],
    t.[ids] AS [ids],
    t.[mean_id_sum] AS [mean_id_sum],
    t.[mean_id_count] AS [mean_id_count]
FROM [gold].[hourly__1] AS t', N'[hourly__1]', QUOTENAME(@physical));
IF @view IS NOT NULL EXEC(@view);
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
-- hourly as reports show it: averages computed, and whether the period is complete.
DECLARE @physical nvarchar(128) = (SELECT [physical] FROM [gold].[sluice_progress]
    WHERE [gold_table] = N'hourly' AND [definition] = N'7d83e14e1a4737bcc650fbc2417ba380');
DECLARE @view nvarchar(max) = REPLACE(N'CREATE OR ALTER VIEW [gold].[hourly_report] AS
/* sluice 60b92807cdbaed667935cdfa0281dfd1 */
SELECT
    t.[hour] AS [hour],
    t.[n] AS [n],
    t.[total] AS [total],
    CAST(ROUND(CAST(t.[mean_sum] AS float) / NULLIF(t.[mean_count], 0), 6) AS float) AS [mean],
    t.[low] AS [low],
    t.[high] AS [high],
    t.[first] AS [first],
    t.[last] AS [last],
    t.[ids] AS [ids],
    CAST(ROUND(CAST(t.[mean_id_sum] AS float) / NULLIF(t.[mean_id_count], 0), 6) AS float) AS [mean_id],
    t.[mean_sum] AS [mean_sum],
    t.[mean_count] AS [mean_count],
    t.[mean_id_sum] AS [mean_id_sum],
    t.[mean_id_count] AS [mean_id_count],
    CAST(CASE WHEN CAST(t.[hour] AS datetime2(0)) < f.[settled_until] THEN 1 ELSE 0 END AS bit) AS [is_settled]
FROM [gold].[hourly__1] AS t
LEFT JOIN [gold].[sluice_freshness] AS f ON f.[gold_table] = N''hourly''', N'[hourly__1]', QUOTENAME(@physical));
IF @view IS NOT NULL EXEC(@view);
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
-- The 2 rows of hourly with the highest mean.
DECLARE @physical nvarchar(128) = (SELECT [physical] FROM [gold].[sluice_progress]
    WHERE [gold_table] = N'hourly' AND [definition] = N'7d83e14e1a4737bcc650fbc2417ba380');
DECLARE @view nvarchar(max) = REPLACE(N'CREATE OR ALTER VIEW [gold].[best_hours] AS
/* sluice aa75b41185db057de195379bda5c7b27 */
SELECT TOP (2)
    row_number() OVER (ORDER BY CASE WHEN CAST(ROUND(CAST(t.[mean_sum] AS float) / NULLIF(t.[mean_count], 0), 6) AS float) IS NULL THEN 1 ELSE 0 END, CAST(ROUND(CAST(t.[mean_sum] AS float) / NULLIF(t.[mean_count], 0), 6) AS float) DESC, t.[hour], t.[_key]) AS [rank],
    t.[hour] AS [hour],
    t.[n] AS [n],
    t.[total] AS [total],
    CAST(ROUND(CAST(t.[mean_sum] AS float) / NULLIF(t.[mean_count], 0), 6) AS float) AS [mean],
    t.[low] AS [low],
    t.[high] AS [high],
    t.[first] AS [first],
    t.[last] AS [last],
    t.[ids] AS [ids],
    CAST(ROUND(CAST(t.[mean_id_sum] AS float) / NULLIF(t.[mean_id_count], 0), 6) AS float) AS [mean_id]
FROM [gold].[hourly__1] AS t
ORDER BY [rank]', N'[hourly__1]', QUOTENAME(@physical));
IF @view IS NOT NULL EXEC(@view);
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
IF OBJECT_ID(N'[gold].[daily]', N'U') IS NOT NULL AND OBJECT_ID(N'[gold].[daily]', N'V') IS NULL
BEGIN
    EXEC sp_rename @objname = N'[gold].[daily]', @newname = N'daily__1', @objtype = N'OBJECT';
UPDATE [gold].[sluice_progress] SET [dataset] = N'things', [physical] = N'daily__1', [n] = 1, [rankings] = N'best_kinds' WHERE [gold_table] = N'daily';
INSERT INTO [gold].[sluice_progress] ([gold_table], [generation], [definition], [version], [dataset], [physical], [n], [rankings])
SELECT N'daily', 0, N'c00db0504b57d26a0986caabdf027ad2', 0, N'things', N'daily__1', 1, N'best_kinds'
WHERE NOT EXISTS (SELECT 1 FROM [gold].[sluice_progress] WHERE [gold_table] = N'daily');
END;
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
-- A row for each day and kind and flag.
IF NOT EXISTS (SELECT 1 FROM [gold].[sluice_progress] WHERE [gold_table] = N'daily')
    AND OBJECT_ID(N'[gold].[daily]', N'U') IS NULL AND OBJECT_ID(N'[gold].[daily]', N'V') IS NULL
BEGIN
CREATE TABLE [gold].[daily__1] (
    [day] date NOT NULL,
    [_key] binary(16) NOT NULL,
    [kind] nvarchar(max) NULL,
    [flag] bit NULL,
    [n] bigint NOT NULL,
    [total] decimal(38,2) NULL,
    [largest] decimal(18,2) NULL,
    PRIMARY KEY ([day], [_key])
);
INSERT INTO [gold].[sluice_progress] ([gold_table], [generation], [definition], [version], [dataset], [physical], [n], [rankings])
SELECT N'daily', 0, N'c00db0504b57d26a0986caabdf027ad2', 0, N'things', N'daily__1', 1, N'best_kinds'
WHERE NOT EXISTS (SELECT 1 FROM [gold].[sluice_progress] WHERE [gold_table] = N'daily');
END;
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
-- Where daily is to be made anew: a table beside it, for a run to fill.
DECLARE @log nvarchar(64) = (SELECT [log] FROM [gold].[sluice_next] WHERE [gold_table] = N'daily' AND [definition] = N'c00db0504b57d26a0986caabdf027ad2' AND [generation] = 3 AND [is_asked] = 1);
DECLARE @asked bigint = (SELECT [is_asked] FROM [gold].[sluice_next] WHERE [gold_table] = N'daily' AND [definition] = N'c00db0504b57d26a0986caabdf027ad2' AND [generation] = 3);
DECLARE @n bigint = (SELECT ISNULL([n], 0) + 1 FROM [gold].[sluice_progress] WHERE [gold_table] = N'daily' AND [generation] <> 0
    AND ([definition] <> N'c00db0504b57d26a0986caabdf027ad2' OR [generation] <> 3 OR @asked = 1)
    AND NOT EXISTS (SELECT 1 FROM [gold].[sluice_next] WHERE [gold_table] = N'daily' AND [definition] = N'c00db0504b57d26a0986caabdf027ad2' AND [generation] = 3 AND [physical] IS NOT NULL));
IF @n IS NOT NULL
BEGIN
    DECLARE @physical nvarchar(128) = N'daily__' + CAST(@n AS nvarchar(20));
    DECLARE @create nvarchar(max) = REPLACE(N'CREATE TABLE [gold].[daily__1] (
    [day] date NOT NULL,
    [_key] binary(16) NOT NULL,
    [kind] nvarchar(max) NULL,
    [flag] bit NULL,
    [n] bigint NOT NULL,
    [total] decimal(38,2) NULL,
    [largest] decimal(18,2) NULL,
    PRIMARY KEY ([day], [_key])
)', N'[daily__1]', QUOTENAME(@physical));
    BEGIN TRANSACTION;
    EXEC(@create);
    UPDATE [gold].[sluice_progress] SET [n] = @n WHERE [gold_table] = N'daily';
    INSERT INTO [gold].[sluice_old] ([dataset], [physical], [since])
        SELECT [dataset], [physical], SYSUTCDATETIME() FROM [gold].[sluice_next] WHERE [gold_table] = N'daily' AND [physical] IS NOT NULL;
    DELETE FROM [gold].[sluice_next] WHERE [gold_table] = N'daily';
    INSERT INTO [gold].[sluice_next] ([gold_table], [dataset], [generation], [definition], [physical], [log], [is_asked])
        VALUES (N'daily', N'things', 3, N'c00db0504b57d26a0986caabdf027ad2', @physical, @log, @asked);
    COMMIT TRANSACTION;
END;
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
-- A row for each day and kind and flag.
DECLARE @physical nvarchar(128) = (SELECT [physical] FROM [gold].[sluice_progress]
    WHERE [gold_table] = N'daily' AND [definition] = N'c00db0504b57d26a0986caabdf027ad2');
DECLARE @view nvarchar(max) = REPLACE(N'CREATE OR ALTER VIEW [gold].[daily] AS
/* sluice d383dda88207d305986e6030a30b1b96 */
SELECT
    t.[day] AS [day],
    t.[_key] AS [_key],
    t.[kind] AS [kind],
    t.[flag] AS [flag],
    t.[n] AS [n],
    t.[total] AS [total],
    t.[largest] AS [largest]
FROM [gold].[daily__1] AS t', N'[daily__1]', QUOTENAME(@physical));
IF @view IS NOT NULL EXEC(@view);
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
-- daily as reports show it: averages computed, and whether the period is complete.
DECLARE @physical nvarchar(128) = (SELECT [physical] FROM [gold].[sluice_progress]
    WHERE [gold_table] = N'daily' AND [definition] = N'c00db0504b57d26a0986caabdf027ad2');
DECLARE @view nvarchar(max) = REPLACE(N'CREATE OR ALTER VIEW [gold].[daily_report] AS
/* sluice 0c5419462f90a075143f37863c130dac */
SELECT
    t.[day] AS [day],
    t.[kind] AS [kind],
    t.[flag] AS [flag],
    t.[n] AS [n],
    t.[total] AS [total],
    t.[largest] AS [largest],
    CAST(CASE WHEN CAST(t.[day] AS datetime2(0)) < f.[settled_until] THEN 1 ELSE 0 END AS bit) AS [is_settled]
FROM [gold].[daily__1] AS t
LEFT JOIN [gold].[sluice_freshness] AS f ON f.[gold_table] = N''daily''', N'[daily__1]', QUOTENAME(@physical));
IF @view IS NOT NULL EXEC(@view);
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
-- The 3 rows of daily with the highest total.
DECLARE @physical nvarchar(128) = (SELECT [physical] FROM [gold].[sluice_progress]
    WHERE [gold_table] = N'daily' AND [definition] = N'c00db0504b57d26a0986caabdf027ad2');
DECLARE @view nvarchar(max) = REPLACE(N'CREATE OR ALTER VIEW [gold].[best_kinds] AS
/* sluice a6455ab66e099bfb3641f5b5bbf40214 */
SELECT TOP (3)
    row_number() OVER (ORDER BY CASE WHEN t.[total] IS NULL THEN 1 ELSE 0 END, t.[total] DESC, t.[kind] COLLATE Latin1_General_BIN2, t.[flag], t.[day], t.[_key]) AS [rank],
    t.[day] AS [day],
    t.[kind] AS [kind],
    t.[flag] AS [flag],
    t.[n] AS [n],
    t.[total] AS [total],
    t.[largest] AS [largest]
FROM [gold].[daily__1] AS t
WHERE t.[kind] IS NOT NULL OR t.[flag] IS NOT NULL
ORDER BY [rank]', N'[daily__1]', QUOTENAME(@physical));
IF @view IS NOT NULL EXEC(@view);
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
IF OBJECT_ID(N'[gold].[monthly]', N'U') IS NOT NULL AND OBJECT_ID(N'[gold].[monthly]', N'V') IS NULL
BEGIN
    EXEC sp_rename @objname = N'[gold].[monthly]', @newname = N'monthly__1', @objtype = N'OBJECT';
UPDATE [gold].[sluice_progress] SET [dataset] = N'things', [physical] = N'monthly__1', [n] = 1, [rankings] = NULL WHERE [gold_table] = N'monthly';
INSERT INTO [gold].[sluice_progress] ([gold_table], [generation], [definition], [version], [dataset], [physical], [n], [rankings])
SELECT N'monthly', 0, N'b148a3f4a7310ab0148c4df904e1f476', 0, N'things', N'monthly__1', 1, NULL
WHERE NOT EXISTS (SELECT 1 FROM [gold].[sluice_progress] WHERE [gold_table] = N'monthly');
END;
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
-- A row for each month and amount and born and seen and id.
IF NOT EXISTS (SELECT 1 FROM [gold].[sluice_progress] WHERE [gold_table] = N'monthly')
    AND OBJECT_ID(N'[gold].[monthly]', N'U') IS NULL AND OBJECT_ID(N'[gold].[monthly]', N'V') IS NULL
BEGIN
CREATE TABLE [gold].[monthly__1] (
    [month] date NOT NULL,
    [_key] binary(16) NOT NULL,
    [amount] decimal(18,2) NULL,
    [born] date NULL,
    [seen] datetime2(6) NULL,
    [id] bigint NULL,
    [n] bigint NOT NULL,
    [smallest] decimal(18,2) NULL,
    [lowest_id] bigint NULL,
    PRIMARY KEY ([month], [_key])
);
INSERT INTO [gold].[sluice_progress] ([gold_table], [generation], [definition], [version], [dataset], [physical], [n], [rankings])
SELECT N'monthly', 0, N'b148a3f4a7310ab0148c4df904e1f476', 0, N'things', N'monthly__1', 1, NULL
WHERE NOT EXISTS (SELECT 1 FROM [gold].[sluice_progress] WHERE [gold_table] = N'monthly');
END;
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
-- Where monthly is to be made anew: a table beside it, for a run to fill.
DECLARE @log nvarchar(64) = (SELECT [log] FROM [gold].[sluice_next] WHERE [gold_table] = N'monthly' AND [definition] = N'b148a3f4a7310ab0148c4df904e1f476' AND [generation] = 3 AND [is_asked] = 1);
DECLARE @asked bigint = (SELECT [is_asked] FROM [gold].[sluice_next] WHERE [gold_table] = N'monthly' AND [definition] = N'b148a3f4a7310ab0148c4df904e1f476' AND [generation] = 3);
DECLARE @n bigint = (SELECT ISNULL([n], 0) + 1 FROM [gold].[sluice_progress] WHERE [gold_table] = N'monthly' AND [generation] <> 0
    AND ([definition] <> N'b148a3f4a7310ab0148c4df904e1f476' OR [generation] <> 3 OR @asked = 1)
    AND NOT EXISTS (SELECT 1 FROM [gold].[sluice_next] WHERE [gold_table] = N'monthly' AND [definition] = N'b148a3f4a7310ab0148c4df904e1f476' AND [generation] = 3 AND [physical] IS NOT NULL));
IF @n IS NOT NULL
BEGIN
    DECLARE @physical nvarchar(128) = N'monthly__' + CAST(@n AS nvarchar(20));
    DECLARE @create nvarchar(max) = REPLACE(N'CREATE TABLE [gold].[monthly__1] (
    [month] date NOT NULL,
    [_key] binary(16) NOT NULL,
    [amount] decimal(18,2) NULL,
    [born] date NULL,
    [seen] datetime2(6) NULL,
    [id] bigint NULL,
    [n] bigint NOT NULL,
    [smallest] decimal(18,2) NULL,
    [lowest_id] bigint NULL,
    PRIMARY KEY ([month], [_key])
)', N'[monthly__1]', QUOTENAME(@physical));
    BEGIN TRANSACTION;
    EXEC(@create);
    UPDATE [gold].[sluice_progress] SET [n] = @n WHERE [gold_table] = N'monthly';
    INSERT INTO [gold].[sluice_old] ([dataset], [physical], [since])
        SELECT [dataset], [physical], SYSUTCDATETIME() FROM [gold].[sluice_next] WHERE [gold_table] = N'monthly' AND [physical] IS NOT NULL;
    DELETE FROM [gold].[sluice_next] WHERE [gold_table] = N'monthly';
    INSERT INTO [gold].[sluice_next] ([gold_table], [dataset], [generation], [definition], [physical], [log], [is_asked])
        VALUES (N'monthly', N'things', 3, N'b148a3f4a7310ab0148c4df904e1f476', @physical, @log, @asked);
    COMMIT TRANSACTION;
END;
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
-- A row for each month and amount and born and seen and id.
DECLARE @physical nvarchar(128) = (SELECT [physical] FROM [gold].[sluice_progress]
    WHERE [gold_table] = N'monthly' AND [definition] = N'b148a3f4a7310ab0148c4df904e1f476');
DECLARE @view nvarchar(max) = REPLACE(N'CREATE OR ALTER VIEW [gold].[monthly] AS
/* sluice e5ad6780a69e95db5f16f94df331a572 */
SELECT
    t.[month] AS [month],
    t.[_key] AS [_key],
    t.[amount] AS [amount],
    t.[born] AS [born],
    t.[seen] AS [seen],
    t.[id] AS [id],
    t.[n] AS [n],
    t.[smallest] AS [smallest],
    t.[lowest_id] AS [lowest_id]
FROM [gold].[monthly__1] AS t', N'[monthly__1]', QUOTENAME(@physical));
IF @view IS NOT NULL EXEC(@view);
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
-- monthly as reports show it: averages computed, and whether the period is complete.
DECLARE @physical nvarchar(128) = (SELECT [physical] FROM [gold].[sluice_progress]
    WHERE [gold_table] = N'monthly' AND [definition] = N'b148a3f4a7310ab0148c4df904e1f476');
DECLARE @view nvarchar(max) = REPLACE(N'CREATE OR ALTER VIEW [gold].[monthly_report] AS
/* sluice cd6a644cc8c08c12b73008d52eb38ccd */
SELECT
    t.[month] AS [month],
    t.[amount] AS [amount],
    t.[born] AS [born],
    t.[seen] AS [seen],
    t.[id] AS [id],
    t.[n] AS [n],
    t.[smallest] AS [smallest],
    t.[lowest_id] AS [lowest_id],
    CAST(CASE WHEN CAST(t.[month] AS datetime2(0)) < f.[settled_until] THEN 1 ELSE 0 END AS bit) AS [is_settled]
FROM [gold].[monthly__1] AS t
LEFT JOIN [gold].[sluice_freshness] AS f ON f.[gold_table] = N''monthly''', N'[monthly__1]', QUOTENAME(@physical));
IF @view IS NOT NULL EXEC(@view);
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
IF OBJECT_ID(N'[gold].[ever]', N'U') IS NOT NULL AND OBJECT_ID(N'[gold].[ever]', N'V') IS NULL
BEGIN
    EXEC sp_rename @objname = N'[gold].[ever]', @newname = N'ever__1', @objtype = N'OBJECT';
UPDATE [gold].[sluice_progress] SET [dataset] = N'things', [physical] = N'ever__1', [n] = 1, [rankings] = NULL WHERE [gold_table] = N'ever';
INSERT INTO [gold].[sluice_progress] ([gold_table], [generation], [definition], [version], [dataset], [physical], [n], [rankings])
SELECT N'ever', 0, N'de91091b06fe01f3794e871de6e4a707', 0, N'things', N'ever__1', 1, NULL
WHERE NOT EXISTS (SELECT 1 FROM [gold].[sluice_progress] WHERE [gold_table] = N'ever');
END;
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
-- One row for all time.
IF NOT EXISTS (SELECT 1 FROM [gold].[sluice_progress] WHERE [gold_table] = N'ever')
    AND OBJECT_ID(N'[gold].[ever]', N'U') IS NULL AND OBJECT_ID(N'[gold].[ever]', N'V') IS NULL
BEGIN
CREATE TABLE [gold].[ever__1] (
    [_key] binary(16) NOT NULL,
    [n] bigint NOT NULL,
    [total] decimal(38,2) NULL,
    PRIMARY KEY ([_key])
);
INSERT INTO [gold].[sluice_progress] ([gold_table], [generation], [definition], [version], [dataset], [physical], [n], [rankings])
SELECT N'ever', 0, N'de91091b06fe01f3794e871de6e4a707', 0, N'things', N'ever__1', 1, NULL
WHERE NOT EXISTS (SELECT 1 FROM [gold].[sluice_progress] WHERE [gold_table] = N'ever');
END;
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
-- Where ever is to be made anew: a table beside it, for a run to fill.
DECLARE @log nvarchar(64) = (SELECT [log] FROM [gold].[sluice_next] WHERE [gold_table] = N'ever' AND [definition] = N'de91091b06fe01f3794e871de6e4a707' AND [generation] = 3 AND [is_asked] = 1);
DECLARE @asked bigint = (SELECT [is_asked] FROM [gold].[sluice_next] WHERE [gold_table] = N'ever' AND [definition] = N'de91091b06fe01f3794e871de6e4a707' AND [generation] = 3);
DECLARE @n bigint = (SELECT ISNULL([n], 0) + 1 FROM [gold].[sluice_progress] WHERE [gold_table] = N'ever' AND [generation] <> 0
    AND ([definition] <> N'de91091b06fe01f3794e871de6e4a707' OR [generation] <> 3 OR @asked = 1)
    AND NOT EXISTS (SELECT 1 FROM [gold].[sluice_next] WHERE [gold_table] = N'ever' AND [definition] = N'de91091b06fe01f3794e871de6e4a707' AND [generation] = 3 AND [physical] IS NOT NULL));
IF @n IS NOT NULL
BEGIN
    DECLARE @physical nvarchar(128) = N'ever__' + CAST(@n AS nvarchar(20));
    DECLARE @create nvarchar(max) = REPLACE(N'CREATE TABLE [gold].[ever__1] (
    [_key] binary(16) NOT NULL,
    [n] bigint NOT NULL,
    [total] decimal(38,2) NULL,
    PRIMARY KEY ([_key])
)', N'[ever__1]', QUOTENAME(@physical));
    BEGIN TRANSACTION;
    EXEC(@create);
    UPDATE [gold].[sluice_progress] SET [n] = @n WHERE [gold_table] = N'ever';
    INSERT INTO [gold].[sluice_old] ([dataset], [physical], [since])
        SELECT [dataset], [physical], SYSUTCDATETIME() FROM [gold].[sluice_next] WHERE [gold_table] = N'ever' AND [physical] IS NOT NULL;
    DELETE FROM [gold].[sluice_next] WHERE [gold_table] = N'ever';
    INSERT INTO [gold].[sluice_next] ([gold_table], [dataset], [generation], [definition], [physical], [log], [is_asked])
        VALUES (N'ever', N'things', 3, N'de91091b06fe01f3794e871de6e4a707', @physical, @log, @asked);
    COMMIT TRANSACTION;
END;
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
-- One row for all time.
DECLARE @physical nvarchar(128) = (SELECT [physical] FROM [gold].[sluice_progress]
    WHERE [gold_table] = N'ever' AND [definition] = N'de91091b06fe01f3794e871de6e4a707');
DECLARE @view nvarchar(max) = REPLACE(N'CREATE OR ALTER VIEW [gold].[ever] AS
/* sluice 8933201f1a39f9a6bd66378514f87e52 */
SELECT
    t.[_key] AS [_key],
    t.[n] AS [n],
    t.[total] AS [total]
FROM [gold].[ever__1] AS t', N'[ever__1]', QUOTENAME(@physical));
IF @view IS NOT NULL EXEC(@view);
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
-- ever as reports show it: averages computed.
DECLARE @physical nvarchar(128) = (SELECT [physical] FROM [gold].[sluice_progress]
    WHERE [gold_table] = N'ever' AND [definition] = N'de91091b06fe01f3794e871de6e4a707');
DECLARE @view nvarchar(max) = REPLACE(N'CREATE OR ALTER VIEW [gold].[ever_report] AS
/* sluice b8073ea5afd9b8738dea797a65c72708 */
SELECT
    t.[n] AS [n],
    t.[total] AS [total]
FROM [gold].[ever__1] AS t', N'[ever__1]', QUOTENAME(@physical));
IF @view IS NOT NULL EXEC(@view);
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
IF OBJECT_ID(N'[gold].[windows]', N'U') IS NOT NULL AND OBJECT_ID(N'[gold].[windows]', N'V') IS NULL
BEGIN
    EXEC sp_rename @objname = N'[gold].[windows]', @newname = N'windows__1', @objtype = N'OBJECT';
UPDATE [gold].[sluice_progress] SET [dataset] = N'things', [physical] = N'windows__1', [n] = 1, [rankings] = NULL WHERE [gold_table] = N'windows';
INSERT INTO [gold].[sluice_progress] ([gold_table], [generation], [definition], [version], [dataset], [physical], [n], [rankings])
SELECT N'windows', 0, N'48356355f4dc96f282fd15110e76da08', 0, N'things', N'windows__1', 1, NULL
WHERE NOT EXISTS (SELECT 1 FROM [gold].[sluice_progress] WHERE [gold_table] = N'windows');
END;
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
-- A row for each window_start and kind.
IF NOT EXISTS (SELECT 1 FROM [gold].[sluice_progress] WHERE [gold_table] = N'windows')
    AND OBJECT_ID(N'[gold].[windows]', N'U') IS NULL AND OBJECT_ID(N'[gold].[windows]', N'V') IS NULL
BEGIN
CREATE TABLE [gold].[windows__1] (
    [window_start] datetime2(0) NOT NULL,
    [_key] binary(16) NOT NULL,
    [kind] nvarchar(max) NULL,
    [n] bigint NOT NULL,
    [mean_sum] decimal(38,2) NULL,
    [mean_count] bigint NOT NULL,
    PRIMARY KEY ([window_start], [_key])
);
INSERT INTO [gold].[sluice_progress] ([gold_table], [generation], [definition], [version], [dataset], [physical], [n], [rankings])
SELECT N'windows', 0, N'48356355f4dc96f282fd15110e76da08', 0, N'things', N'windows__1', 1, NULL
WHERE NOT EXISTS (SELECT 1 FROM [gold].[sluice_progress] WHERE [gold_table] = N'windows');
END;
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
-- Where windows is to be made anew: a table beside it, for a run to fill.
DECLARE @log nvarchar(64) = (SELECT [log] FROM [gold].[sluice_next] WHERE [gold_table] = N'windows' AND [definition] = N'48356355f4dc96f282fd15110e76da08' AND [generation] = 3 AND [is_asked] = 1);
DECLARE @asked bigint = (SELECT [is_asked] FROM [gold].[sluice_next] WHERE [gold_table] = N'windows' AND [definition] = N'48356355f4dc96f282fd15110e76da08' AND [generation] = 3);
DECLARE @n bigint = (SELECT ISNULL([n], 0) + 1 FROM [gold].[sluice_progress] WHERE [gold_table] = N'windows' AND [generation] <> 0
    AND ([definition] <> N'48356355f4dc96f282fd15110e76da08' OR [generation] <> 3 OR @asked = 1)
    AND NOT EXISTS (SELECT 1 FROM [gold].[sluice_next] WHERE [gold_table] = N'windows' AND [definition] = N'48356355f4dc96f282fd15110e76da08' AND [generation] = 3 AND [physical] IS NOT NULL));
IF @n IS NOT NULL
BEGIN
    DECLARE @physical nvarchar(128) = N'windows__' + CAST(@n AS nvarchar(20));
    DECLARE @create nvarchar(max) = REPLACE(N'CREATE TABLE [gold].[windows__1] (
    [window_start] datetime2(0) NOT NULL,
    [_key] binary(16) NOT NULL,
    [kind] nvarchar(max) NULL,
    [n] bigint NOT NULL,
    [mean_sum] decimal(38,2) NULL,
    [mean_count] bigint NOT NULL,
    PRIMARY KEY ([window_start], [_key])
)', N'[windows__1]', QUOTENAME(@physical));
    BEGIN TRANSACTION;
    EXEC(@create);
    UPDATE [gold].[sluice_progress] SET [n] = @n WHERE [gold_table] = N'windows';
    INSERT INTO [gold].[sluice_old] ([dataset], [physical], [since])
        SELECT [dataset], [physical], SYSUTCDATETIME() FROM [gold].[sluice_next] WHERE [gold_table] = N'windows' AND [physical] IS NOT NULL;
    DELETE FROM [gold].[sluice_next] WHERE [gold_table] = N'windows';
    INSERT INTO [gold].[sluice_next] ([gold_table], [dataset], [generation], [definition], [physical], [log], [is_asked])
        VALUES (N'windows', N'things', 3, N'48356355f4dc96f282fd15110e76da08', @physical, @log, @asked);
    COMMIT TRANSACTION;
END;
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
-- A row for each window_start and kind.
DECLARE @physical nvarchar(128) = (SELECT [physical] FROM [gold].[sluice_progress]
    WHERE [gold_table] = N'windows' AND [definition] = N'48356355f4dc96f282fd15110e76da08');
DECLARE @view nvarchar(max) = REPLACE(N'CREATE OR ALTER VIEW [gold].[windows] AS
/* sluice f4d99d824d35f919bcd293f48eb9e20b */
SELECT
    t.[window_start] AS [window_start],
    t.[_key] AS [_key],
    t.[kind] AS [kind],
    t.[n] AS [n],
    t.[mean_sum] AS [mean_sum],
    t.[mean_count] AS [mean_count]
FROM [gold].[windows__1] AS t', N'[windows__1]', QUOTENAME(@physical));
IF @view IS NOT NULL EXEC(@view);
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
-- windows as reports show it: averages computed, and whether the period is complete.
DECLARE @physical nvarchar(128) = (SELECT [physical] FROM [gold].[sluice_progress]
    WHERE [gold_table] = N'windows' AND [definition] = N'48356355f4dc96f282fd15110e76da08');
DECLARE @view nvarchar(max) = REPLACE(N'CREATE OR ALTER VIEW [gold].[windows_report] AS
/* sluice 381a5388cfeb5927121acbe728fdb3bd */
SELECT
    t.[window_start] AS [window_start],
    DATEADD(minute, 5, t.[window_start]) AS [window_end],
    t.[kind] AS [kind],
    t.[n] AS [n],
    CAST(ROUND(CAST(t.[mean_sum] AS float) / NULLIF(t.[mean_count], 0), 6) AS float) AS [mean],
    t.[mean_sum] AS [mean_sum],
    t.[mean_count] AS [mean_count],
    CAST(CASE WHEN CAST(t.[window_start] AS datetime2(0)) < f.[settled_until] THEN 1 ELSE 0 END AS bit) AS [is_settled]
FROM [gold].[windows__1] AS t
LEFT JOIN [gold].[sluice_freshness] AS f ON f.[gold_table] = N''windows''', N'[windows__1]', QUOTENAME(@physical));
IF @view IS NOT NULL EXEC(@view);
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
IF OBJECT_ID(N'[gold].[weekly]', N'U') IS NOT NULL AND OBJECT_ID(N'[gold].[weekly]', N'V') IS NULL
BEGIN
    EXEC sp_rename @objname = N'[gold].[weekly]', @newname = N'weekly__1', @objtype = N'OBJECT';
UPDATE [gold].[sluice_progress] SET [dataset] = N'things', [physical] = N'weekly__1', [n] = 1, [rankings] = NULL WHERE [gold_table] = N'weekly';
INSERT INTO [gold].[sluice_progress] ([gold_table], [generation], [definition], [version], [dataset], [physical], [n], [rankings])
SELECT N'weekly', 0, N'0816b48101f96bfbf5421f89b864012c', 0, N'things', N'weekly__1', 1, NULL
WHERE NOT EXISTS (SELECT 1 FROM [gold].[sluice_progress] WHERE [gold_table] = N'weekly');
END;
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
-- A row for each week.
IF NOT EXISTS (SELECT 1 FROM [gold].[sluice_progress] WHERE [gold_table] = N'weekly')
    AND OBJECT_ID(N'[gold].[weekly]', N'U') IS NULL AND OBJECT_ID(N'[gold].[weekly]', N'V') IS NULL
BEGIN
CREATE TABLE [gold].[weekly__1] (
    [week] date NOT NULL,
    [_key] binary(16) NOT NULL,
    [n] bigint NOT NULL,
    PRIMARY KEY ([week], [_key])
);
INSERT INTO [gold].[sluice_progress] ([gold_table], [generation], [definition], [version], [dataset], [physical], [n], [rankings])
SELECT N'weekly', 0, N'0816b48101f96bfbf5421f89b864012c', 0, N'things', N'weekly__1', 1, NULL
WHERE NOT EXISTS (SELECT 1 FROM [gold].[sluice_progress] WHERE [gold_table] = N'weekly');
END;
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
-- Where weekly is to be made anew: a table beside it, for a run to fill.
DECLARE @log nvarchar(64) = (SELECT [log] FROM [gold].[sluice_next] WHERE [gold_table] = N'weekly' AND [definition] = N'0816b48101f96bfbf5421f89b864012c' AND [generation] = 3 AND [is_asked] = 1);
DECLARE @asked bigint = (SELECT [is_asked] FROM [gold].[sluice_next] WHERE [gold_table] = N'weekly' AND [definition] = N'0816b48101f96bfbf5421f89b864012c' AND [generation] = 3);
DECLARE @n bigint = (SELECT ISNULL([n], 0) + 1 FROM [gold].[sluice_progress] WHERE [gold_table] = N'weekly' AND [generation] <> 0
    AND ([definition] <> N'0816b48101f96bfbf5421f89b864012c' OR [generation] <> 3 OR @asked = 1)
    AND NOT EXISTS (SELECT 1 FROM [gold].[sluice_next] WHERE [gold_table] = N'weekly' AND [definition] = N'0816b48101f96bfbf5421f89b864012c' AND [generation] = 3 AND [physical] IS NOT NULL));
IF @n IS NOT NULL
BEGIN
    DECLARE @physical nvarchar(128) = N'weekly__' + CAST(@n AS nvarchar(20));
    DECLARE @create nvarchar(max) = REPLACE(N'CREATE TABLE [gold].[weekly__1] (
    [week] date NOT NULL,
    [_key] binary(16) NOT NULL,
    [n] bigint NOT NULL,
    PRIMARY KEY ([week], [_key])
)', N'[weekly__1]', QUOTENAME(@physical));
    BEGIN TRANSACTION;
    EXEC(@create);
    UPDATE [gold].[sluice_progress] SET [n] = @n WHERE [gold_table] = N'weekly';
    INSERT INTO [gold].[sluice_old] ([dataset], [physical], [since])
        SELECT [dataset], [physical], SYSUTCDATETIME() FROM [gold].[sluice_next] WHERE [gold_table] = N'weekly' AND [physical] IS NOT NULL;
    DELETE FROM [gold].[sluice_next] WHERE [gold_table] = N'weekly';
    INSERT INTO [gold].[sluice_next] ([gold_table], [dataset], [generation], [definition], [physical], [log], [is_asked])
        VALUES (N'weekly', N'things', 3, N'0816b48101f96bfbf5421f89b864012c', @physical, @log, @asked);
    COMMIT TRANSACTION;
END;
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
-- A row for each week.
DECLARE @physical nvarchar(128) = (SELECT [physical] FROM [gold].[sluice_progress]
    WHERE [gold_table] = N'weekly' AND [definition] = N'0816b48101f96bfbf5421f89b864012c');
DECLARE @view nvarchar(max) = REPLACE(N'CREATE OR ALTER VIEW [gold].[weekly] AS
/* sluice 33ac7d5bbe588d1b211f9e4fe9cb98c0 */
SELECT
    t.[week] AS [week],
    t.[_key] AS [_key],
    t.[n] AS [n]
FROM [gold].[weekly__1] AS t', N'[weekly__1]', QUOTENAME(@physical));
IF @view IS NOT NULL EXEC(@view);
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
-- weekly as reports show it: averages computed, and whether the period is complete.
DECLARE @physical nvarchar(128) = (SELECT [physical] FROM [gold].[sluice_progress]
    WHERE [gold_table] = N'weekly' AND [definition] = N'0816b48101f96bfbf5421f89b864012c');
DECLARE @view nvarchar(max) = REPLACE(N'CREATE OR ALTER VIEW [gold].[weekly_report] AS
/* sluice ed4cbed45793d9aae9aa7af952166bb0 */
SELECT
    t.[week] AS [week],
    t.[n] AS [n],
    CAST(CASE WHEN CAST(t.[week] AS datetime2(0)) < f.[settled_until] THEN 1 ELSE 0 END AS bit) AS [is_settled]
FROM [gold].[weekly__1] AS t
LEFT JOIN [gold].[sluice_freshness] AS f ON f.[gold_table] = N''weekly''', N'[weekly__1]', QUOTENAME(@physical));
IF @view IS NOT NULL EXEC(@view);
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
IF OBJECT_ID(N'[gold].[filtered]', N'U') IS NOT NULL AND OBJECT_ID(N'[gold].[filtered]', N'V') IS NULL
BEGIN
    EXEC sp_rename @objname = N'[gold].[filtered]', @newname = N'filtered__1', @objtype = N'OBJECT';
UPDATE [gold].[sluice_progress] SET [dataset] = N'things', [physical] = N'filtered__1', [n] = 1, [rankings] = NULL WHERE [gold_table] = N'filtered';
INSERT INTO [gold].[sluice_progress] ([gold_table], [generation], [definition], [version], [dataset], [physical], [n], [rankings])
SELECT N'filtered', 0, N'd8415d2f896d377b0bc0ecd3fca7f659', 0, N'things', N'filtered__1', 1, NULL
WHERE NOT EXISTS (SELECT 1 FROM [gold].[sluice_progress] WHERE [gold_table] = N'filtered');
END;
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
-- A row for each day.
IF NOT EXISTS (SELECT 1 FROM [gold].[sluice_progress] WHERE [gold_table] = N'filtered')
    AND OBJECT_ID(N'[gold].[filtered]', N'U') IS NULL AND OBJECT_ID(N'[gold].[filtered]', N'V') IS NULL
BEGIN
CREATE TABLE [gold].[filtered__1] (
    [day] date NOT NULL,
    [_key] binary(16) NOT NULL,
    [n] bigint NOT NULL,
    [large] bigint NOT NULL,
    [mean_sum] decimal(38,2) NULL,
    [mean_count] bigint NOT NULL,
    PRIMARY KEY ([day], [_key])
);
INSERT INTO [gold].[sluice_progress] ([gold_table], [generation], [definition], [version], [dataset], [physical], [n], [rankings])
SELECT N'filtered', 0, N'd8415d2f896d377b0bc0ecd3fca7f659', 0, N'things', N'filtered__1', 1, NULL
WHERE NOT EXISTS (SELECT 1 FROM [gold].[sluice_progress] WHERE [gold_table] = N'filtered');
END;
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
-- Where filtered is to be made anew: a table beside it, for a run to fill.
DECLARE @log nvarchar(64) = (SELECT [log] FROM [gold].[sluice_next] WHERE [gold_table] = N'filtered' AND [definition] = N'd8415d2f896d377b0bc0ecd3fca7f659' AND [generation] = 3 AND [is_asked] = 1);
DECLARE @asked bigint = (SELECT [is_asked] FROM [gold].[sluice_next] WHERE [gold_table] = N'filtered' AND [definition] = N'd8415d2f896d377b0bc0ecd3fca7f659' AND [generation] = 3);
DECLARE @n bigint = (SELECT ISNULL([n], 0) + 1 FROM [gold].[sluice_progress] WHERE [gold_table] = N'filtered' AND [generation] <> 0
    AND ([definition] <> N'd8415d2f896d377b0bc0ecd3fca7f659' OR [generation] <> 3 OR @asked = 1)
    AND NOT EXISTS (SELECT 1 FROM [gold].[sluice_next] WHERE [gold_table] = N'filtered' AND [definition] = N'd8415d2f896d377b0bc0ecd3fca7f659' AND [generation] = 3 AND [physical] IS NOT NULL));
IF @n IS NOT NULL
BEGIN
    DECLARE @physical nvarchar(128) = N'filtered__' + CAST(@n AS nvarchar(20));
    DECLARE @create nvarchar(max) = REPLACE(N'CREATE TABLE [gold].[filtered__1] (
    [day] date NOT NULL,
    [_key] binary(16) NOT NULL,
    [n] bigint NOT NULL,
    [large] bigint NOT NULL,
    [mean_sum] decimal(38,2) NULL,
    [mean_count] bigint NOT NULL,
    PRIMARY KEY ([day], [_key])
)', N'[filtered__1]', QUOTENAME(@physical));
    BEGIN TRANSACTION;
    EXEC(@create);
    UPDATE [gold].[sluice_progress] SET [n] = @n WHERE [gold_table] = N'filtered';
    INSERT INTO [gold].[sluice_old] ([dataset], [physical], [since])
        SELECT [dataset], [physical], SYSUTCDATETIME() FROM [gold].[sluice_next] WHERE [gold_table] = N'filtered' AND [physical] IS NOT NULL;
    DELETE FROM [gold].[sluice_next] WHERE [gold_table] = N'filtered';
    INSERT INTO [gold].[sluice_next] ([gold_table], [dataset], [generation], [definition], [physical], [log], [is_asked])
        VALUES (N'filtered', N'things', 3, N'd8415d2f896d377b0bc0ecd3fca7f659', @physical, @log, @asked);
    COMMIT TRANSACTION;
END;
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
-- A row for each day.
DECLARE @physical nvarchar(128) = (SELECT [physical] FROM [gold].[sluice_progress]
    WHERE [gold_table] = N'filtered' AND [definition] = N'd8415d2f896d377b0bc0ecd3fca7f659');
DECLARE @view nvarchar(max) = REPLACE(N'CREATE OR ALTER VIEW [gold].[filtered] AS
/* sluice a6e65ce38c6290be01c9cc2d9f3c88cb */
SELECT
    t.[day] AS [day],
    t.[_key] AS [_key],
    t.[n] AS [n],
    t.[large] AS [large],
    t.[mean_sum] AS [mean_sum],
    t.[mean_count] AS [mean_count]
FROM [gold].[filtered__1] AS t', N'[filtered__1]', QUOTENAME(@physical));
IF @view IS NOT NULL EXEC(@view);
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
-- filtered as reports show it: averages computed, and whether the period is complete.
DECLARE @physical nvarchar(128) = (SELECT [physical] FROM [gold].[sluice_progress]
    WHERE [gold_table] = N'filtered' AND [definition] = N'd8415d2f896d377b0bc0ecd3fca7f659');
DECLARE @view nvarchar(max) = REPLACE(N'CREATE OR ALTER VIEW [gold].[filtered_report] AS
/* sluice 7b87cba36b0ce3a892a4af0b080c0857 */
SELECT
    t.[day] AS [day],
    t.[n] AS [n],
    t.[large] AS [large],
    CAST(ROUND(CAST(t.[mean_sum] AS float) / NULLIF(t.[mean_count], 0), 6) AS float) AS [mean],
    t.[mean_sum] AS [mean_sum],
    t.[mean_count] AS [mean_count],
    CAST(CASE WHEN CAST(t.[day] AS datetime2(0)) < f.[settled_until] THEN 1 ELSE 0 END AS bit) AS [is_settled]
FROM [gold].[filtered__1] AS t
LEFT JOIN [gold].[sluice_freshness] AS f ON f.[gold_table] = N''filtered''', N'[filtered__1]', QUOTENAME(@physical));
IF @view IS NOT NULL EXEC(@view);
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
IF OBJECT_ID(N'[gold].[kinds]', N'U') IS NOT NULL AND OBJECT_ID(N'[gold].[kinds]', N'V') IS NULL
BEGIN
    EXEC sp_rename @objname = N'[gold].[kinds]', @newname = N'kinds__1', @objtype = N'OBJECT';
UPDATE [gold].[sluice_progress] SET [dataset] = N'things', [physical] = N'kinds__1', [n] = 1, [rankings] = N'by_kind,all_kinds' WHERE [gold_table] = N'kinds';
INSERT INTO [gold].[sluice_progress] ([gold_table], [generation], [definition], [version], [dataset], [physical], [n], [rankings])
SELECT N'kinds', 0, N'f38246cb1eaaeb1e92ecc35853715761', 0, N'things', N'kinds__1', 1, N'by_kind,all_kinds'
WHERE NOT EXISTS (SELECT 1 FROM [gold].[sluice_progress] WHERE [gold_table] = N'kinds');
END;
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
-- A row for each kind and id.
IF NOT EXISTS (SELECT 1 FROM [gold].[sluice_progress] WHERE [gold_table] = N'kinds')
    AND OBJECT_ID(N'[gold].[kinds]', N'U') IS NULL AND OBJECT_ID(N'[gold].[kinds]', N'V') IS NULL
BEGIN
CREATE TABLE [gold].[kinds__1] (
    [_key] binary(16) NOT NULL,
    [kind] nvarchar(max) NULL,
    [id] bigint NULL,
    [n] bigint NOT NULL,
    [total] decimal(38,2) NULL,
    [highest] float NULL,
    [seen] datetime2(6) NULL,
    PRIMARY KEY ([_key])
);
INSERT INTO [gold].[sluice_progress] ([gold_table], [generation], [definition], [version], [dataset], [physical], [n], [rankings])
SELECT N'kinds', 0, N'f38246cb1eaaeb1e92ecc35853715761', 0, N'things', N'kinds__1', 1, N'by_kind,all_kinds'
WHERE NOT EXISTS (SELECT 1 FROM [gold].[sluice_progress] WHERE [gold_table] = N'kinds');
END;
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
-- Where kinds is to be made anew: a table beside it, for a run to fill.
DECLARE @log nvarchar(64) = (SELECT [log] FROM [gold].[sluice_next] WHERE [gold_table] = N'kinds' AND [definition] = N'f38246cb1eaaeb1e92ecc35853715761' AND [generation] = 3 AND [is_asked] = 1);
DECLARE @asked bigint = (SELECT [is_asked] FROM [gold].[sluice_next] WHERE [gold_table] = N'kinds' AND [definition] = N'f38246cb1eaaeb1e92ecc35853715761' AND [generation] = 3);
DECLARE @n bigint = (SELECT ISNULL([n], 0) + 1 FROM [gold].[sluice_progress] WHERE [gold_table] = N'kinds' AND [generation] <> 0
    AND ([definition] <> N'f38246cb1eaaeb1e92ecc35853715761' OR [generation] <> 3 OR @asked = 1)
    AND NOT EXISTS (SELECT 1 FROM [gold].[sluice_next] WHERE [gold_table] = N'kinds' AND [definition] = N'f38246cb1eaaeb1e92ecc35853715761' AND [generation] = 3 AND [physical] IS NOT NULL));
IF @n IS NOT NULL
BEGIN
    DECLARE @physical nvarchar(128) = N'kinds__' + CAST(@n AS nvarchar(20));
    DECLARE @create nvarchar(max) = REPLACE(N'CREATE TABLE [gold].[kinds__1] (
    [_key] binary(16) NOT NULL,
    [kind] nvarchar(max) NULL,
    [id] bigint NULL,
    [n] bigint NOT NULL,
    [total] decimal(38,2) NULL,
    [highest] float NULL,
    [seen] datetime2(6) NULL,
    PRIMARY KEY ([_key])
)', N'[kinds__1]', QUOTENAME(@physical));
    BEGIN TRANSACTION;
    EXEC(@create);
    UPDATE [gold].[sluice_progress] SET [n] = @n WHERE [gold_table] = N'kinds';
    INSERT INTO [gold].[sluice_old] ([dataset], [physical], [since])
        SELECT [dataset], [physical], SYSUTCDATETIME() FROM [gold].[sluice_next] WHERE [gold_table] = N'kinds' AND [physical] IS NOT NULL;
    DELETE FROM [gold].[sluice_next] WHERE [gold_table] = N'kinds';
    INSERT INTO [gold].[sluice_next] ([gold_table], [dataset], [generation], [definition], [physical], [log], [is_asked])
        VALUES (N'kinds', N'things', 3, N'f38246cb1eaaeb1e92ecc35853715761', @physical, @log, @asked);
    COMMIT TRANSACTION;
END;
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
-- A row for each kind and id.
DECLARE @physical nvarchar(128) = (SELECT [physical] FROM [gold].[sluice_progress]
    WHERE [gold_table] = N'kinds' AND [definition] = N'f38246cb1eaaeb1e92ecc35853715761');
DECLARE @view nvarchar(max) = REPLACE(N'CREATE OR ALTER VIEW [gold].[kinds] AS
/* sluice 6df82a912ec96deab275ec9aed3f6427 */
SELECT
    t.[_key] AS [_key],
    t.[kind] AS [kind],
    t.[id] AS [id],
    t.[n] AS [n],
    t.[total] AS [total],
    t.[highest] AS [highest],
    t.[seen] AS [seen]
FROM [gold].[kinds__1] AS t', N'[kinds__1]', QUOTENAME(@physical));
IF @view IS NOT NULL EXEC(@view);
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
-- kinds as reports show it: averages computed.
DECLARE @physical nvarchar(128) = (SELECT [physical] FROM [gold].[sluice_progress]
    WHERE [gold_table] = N'kinds' AND [definition] = N'f38246cb1eaaeb1e92ecc35853715761');
DECLARE @view nvarchar(max) = REPLACE(N'CREATE OR ALTER VIEW [gold].[kinds_report] AS
/* sluice 7521657868eb1476c80c271f29825904 */
SELECT
    t.[kind] AS [kind],
    t.[id] AS [id],
    t.[n] AS [n],
    t.[total] AS [total],
    t.[highest] AS [highest],
    t.[seen] AS [seen]
FROM [gold].[kinds__1] AS t', N'[kinds__1]', QUOTENAME(@physical));
IF @view IS NOT NULL EXEC(@view);
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
-- The rows of kinds added up by kind.
DECLARE @physical nvarchar(128) = (SELECT [physical] FROM [gold].[sluice_progress]
    WHERE [gold_table] = N'kinds' AND [definition] = N'f38246cb1eaaeb1e92ecc35853715761');
DECLARE @view nvarchar(max) = REPLACE(N'CREATE OR ALTER VIEW [gold].[by_kind] AS
/* sluice eedfe47d45ac159aff6d120638b3fcb7 */
SELECT
    t.[kind] COLLATE Latin1_General_BIN2 AS [kind],
    COUNT_BIG(*) AS [rows],
    SUM(CAST(t.[n] AS decimal(38,0))) AS [n],
    SUM(t.[total]) AS [total],
    CAST(ROUND(CAST(SUM(t.[total]) AS float) / NULLIF(COUNT_BIG(t.[total]), 0), 6) AS float) AS [mean],
    min(t.[highest]) AS [lowest],
    max(t.[seen]) AS [seen]
FROM [gold].[kinds__1] AS t
GROUP BY t.[kind] COLLATE Latin1_General_BIN2, DATALENGTH(t.[kind])', N'[kinds__1]', QUOTENAME(@physical));
IF @view IS NOT NULL EXEC(@view);
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
-- All rows of kinds added up.
DECLARE @physical nvarchar(128) = (SELECT [physical] FROM [gold].[sluice_progress]
    WHERE [gold_table] = N'kinds' AND [definition] = N'f38246cb1eaaeb1e92ecc35853715761');
DECLARE @view nvarchar(max) = REPLACE(N'CREATE OR ALTER VIEW [gold].[all_kinds] AS
/* sluice b0d4e4714daabfc78e78b2fe5b7659ac */
SELECT
    max(t.[total]) AS [largest],
    CAST(ROUND(CAST(SUM(CAST(t.[n] AS decimal(38,0))) AS float) / NULLIF(COUNT_BIG(t.[n]), 0), 6) AS float) AS [mean_n]
FROM [gold].[kinds__1] AS t', N'[kinds__1]', QUOTENAME(@physical));
IF @view IS NOT NULL EXEC(@view);
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
IF OBJECT_ID(N'[gold].[local_days]', N'U') IS NOT NULL AND OBJECT_ID(N'[gold].[local_days]', N'V') IS NULL
BEGIN
    EXEC sp_rename @objname = N'[gold].[local_days]', @newname = N'local_days__1', @objtype = N'OBJECT';
UPDATE [gold].[sluice_progress] SET [dataset] = N'things', [physical] = N'local_days__1', [n] = 1, [rankings] = NULL WHERE [gold_table] = N'local_days';
INSERT INTO [gold].[sluice_progress] ([gold_table], [generation], [definition], [version], [dataset], [physical], [n], [rankings])
SELECT N'local_days', 0, N'bf5cf24a370c4bf18a2150da54d092c1', 0, N'things', N'local_days__1', 1, NULL
WHERE NOT EXISTS (SELECT 1 FROM [gold].[sluice_progress] WHERE [gold_table] = N'local_days');
END;
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
-- A row for each day and kind.
IF NOT EXISTS (SELECT 1 FROM [gold].[sluice_progress] WHERE [gold_table] = N'local_days')
    AND OBJECT_ID(N'[gold].[local_days]', N'U') IS NULL AND OBJECT_ID(N'[gold].[local_days]', N'V') IS NULL
BEGIN
CREATE TABLE [gold].[local_days__1] (
    [day] date NOT NULL,
    [_key] binary(16) NOT NULL,
    [kind] nvarchar(max) NULL,
    [n] bigint NOT NULL,
    [total] decimal(38,2) NULL,
    PRIMARY KEY ([day], [_key])
);
INSERT INTO [gold].[sluice_progress] ([gold_table], [generation], [definition], [version], [dataset], [physical], [n], [rankings])
SELECT N'local_days', 0, N'bf5cf24a370c4bf18a2150da54d092c1', 0, N'things', N'local_days__1', 1, NULL
WHERE NOT EXISTS (SELECT 1 FROM [gold].[sluice_progress] WHERE [gold_table] = N'local_days');
END;
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
-- Where local_days is to be made anew: a table beside it, for a run to fill.
DECLARE @log nvarchar(64) = (SELECT [log] FROM [gold].[sluice_next] WHERE [gold_table] = N'local_days' AND [definition] = N'bf5cf24a370c4bf18a2150da54d092c1' AND [generation] = 3 AND [is_asked] = 1);
DECLARE @asked bigint = (SELECT [is_asked] FROM [gold].[sluice_next] WHERE [gold_table] = N'local_days' AND [definition] = N'bf5cf24a370c4bf18a2150da54d092c1' AND [generation] = 3);
DECLARE @n bigint = (SELECT ISNULL([n], 0) + 1 FROM [gold].[sluice_progress] WHERE [gold_table] = N'local_days' AND [generation] <> 0
    AND ([definition] <> N'bf5cf24a370c4bf18a2150da54d092c1' OR [generation] <> 3 OR @asked = 1)
    AND NOT EXISTS (SELECT 1 FROM [gold].[sluice_next] WHERE [gold_table] = N'local_days' AND [definition] = N'bf5cf24a370c4bf18a2150da54d092c1' AND [generation] = 3 AND [physical] IS NOT NULL));
IF @n IS NOT NULL
BEGIN
    DECLARE @physical nvarchar(128) = N'local_days__' + CAST(@n AS nvarchar(20));
    DECLARE @create nvarchar(max) = REPLACE(N'CREATE TABLE [gold].[local_days__1] (
    [day] date NOT NULL,
    [_key] binary(16) NOT NULL,
    [kind] nvarchar(max) NULL,
    [n] bigint NOT NULL,
    [total] decimal(38,2) NULL,
    PRIMARY KEY ([day], [_key])
)', N'[local_days__1]', QUOTENAME(@physical));
    BEGIN TRANSACTION;
    EXEC(@create);
    UPDATE [gold].[sluice_progress] SET [n] = @n WHERE [gold_table] = N'local_days';
    INSERT INTO [gold].[sluice_old] ([dataset], [physical], [since])
        SELECT [dataset], [physical], SYSUTCDATETIME() FROM [gold].[sluice_next] WHERE [gold_table] = N'local_days' AND [physical] IS NOT NULL;
    DELETE FROM [gold].[sluice_next] WHERE [gold_table] = N'local_days';
    INSERT INTO [gold].[sluice_next] ([gold_table], [dataset], [generation], [definition], [physical], [log], [is_asked])
        VALUES (N'local_days', N'things', 3, N'bf5cf24a370c4bf18a2150da54d092c1', @physical, @log, @asked);
    COMMIT TRANSACTION;
END;
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
-- A row for each day and kind.
DECLARE @physical nvarchar(128) = (SELECT [physical] FROM [gold].[sluice_progress]
    WHERE [gold_table] = N'local_days' AND [definition] = N'bf5cf24a370c4bf18a2150da54d092c1');
DECLARE @view nvarchar(max) = REPLACE(N'CREATE OR ALTER VIEW [gold].[local_days] AS
/* sluice d31407a7c5f0f60be0a48b453f102f7a */
SELECT
    t.[day] AS [day],
    t.[_key] AS [_key],
    t.[kind] AS [kind],
    t.[n] AS [n],
    t.[total] AS [total]
FROM [gold].[local_days__1] AS t', N'[local_days__1]', QUOTENAME(@physical));
IF @view IS NOT NULL EXEC(@view);
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
-- local_days as reports show it: averages computed, and whether the period is complete.
DECLARE @physical nvarchar(128) = (SELECT [physical] FROM [gold].[sluice_progress]
    WHERE [gold_table] = N'local_days' AND [definition] = N'bf5cf24a370c4bf18a2150da54d092c1');
DECLARE @view nvarchar(max) = REPLACE(N'CREATE OR ALTER VIEW [gold].[local_days_report] AS
/* sluice 8bbf20bc5b6ab61322974c5653259766 */
SELECT
    t.[day] AS [day],
    t.[kind] AS [kind],
    t.[n] AS [n],
    t.[total] AS [total],
    CAST(CASE WHEN CAST(t.[day] AS datetime2(0)) < f.[settled_until] THEN 1 ELSE 0 END AS bit) AS [is_settled]
FROM [gold].[local_days__1] AS t
LEFT JOIN [gold].[sluice_freshness] AS f ON f.[gold_table] = N''local_days''', N'[local_days__1]', QUOTENAME(@physical));
IF @view IS NOT NULL EXEC(@view);
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
IF OBJECT_ID(N'[gold].[overlapping]', N'U') IS NOT NULL AND OBJECT_ID(N'[gold].[overlapping]', N'V') IS NULL
BEGIN
    EXEC sp_rename @objname = N'[gold].[overlapping]', @newname = N'overlapping__1', @objtype = N'OBJECT';
UPDATE [gold].[sluice_progress] SET [dataset] = N'things', [physical] = N'overlapping__1', [n] = 1, [rankings] = NULL WHERE [gold_table] = N'overlapping';
INSERT INTO [gold].[sluice_progress] ([gold_table], [generation], [definition], [version], [dataset], [physical], [n], [rankings])
SELECT N'overlapping', 0, N'b66946768988627c6ccb6fb2efcf8417', 0, N'things', N'overlapping__1', 1, NULL
WHERE NOT EXISTS (SELECT 1 FROM [gold].[sluice_progress] WHERE [gold_table] = N'overlapping');
END;
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
-- A row for each window_start and kind.
IF NOT EXISTS (SELECT 1 FROM [gold].[sluice_progress] WHERE [gold_table] = N'overlapping')
    AND OBJECT_ID(N'[gold].[overlapping]', N'U') IS NULL AND OBJECT_ID(N'[gold].[overlapping]', N'V') IS NULL
BEGIN
CREATE TABLE [gold].[overlapping__1] (
    [window_start] datetime2(0) NOT NULL,
    [_key] binary(16) NOT NULL,
    [kind] nvarchar(max) NULL,
    [n] bigint NOT NULL,
    [mean_sum] decimal(38,2) NULL,
    [mean_count] bigint NOT NULL,
    PRIMARY KEY ([window_start], [_key])
);
INSERT INTO [gold].[sluice_progress] ([gold_table], [generation], [definition], [version], [dataset], [physical], [n], [rankings])
SELECT N'overlapping', 0, N'b66946768988627c6ccb6fb2efcf8417', 0, N'things', N'overlapping__1', 1, NULL
WHERE NOT EXISTS (SELECT 1 FROM [gold].[sluice_progress] WHERE [gold_table] = N'overlapping');
END;
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
-- Where overlapping is to be made anew: a table beside it, for a run to fill.
DECLARE @log nvarchar(64) = (SELECT [log] FROM [gold].[sluice_next] WHERE [gold_table] = N'overlapping' AND [definition] = N'b66946768988627c6ccb6fb2efcf8417' AND [generation] = 3 AND [is_asked] = 1);
DECLARE @asked bigint = (SELECT [is_asked] FROM [gold].[sluice_next] WHERE [gold_table] = N'overlapping' AND [definition] = N'b66946768988627c6ccb6fb2efcf8417' AND [generation] = 3);
DECLARE @n bigint = (SELECT ISNULL([n], 0) + 1 FROM [gold].[sluice_progress] WHERE [gold_table] = N'overlapping' AND [generation] <> 0
    AND ([definition] <> N'b66946768988627c6ccb6fb2efcf8417' OR [generation] <> 3 OR @asked = 1)
    AND NOT EXISTS (SELECT 1 FROM [gold].[sluice_next] WHERE [gold_table] = N'overlapping' AND [definition] = N'b66946768988627c6ccb6fb2efcf8417' AND [generation] = 3 AND [physical] IS NOT NULL));
IF @n IS NOT NULL
BEGIN
    DECLARE @physical nvarchar(128) = N'overlapping__' + CAST(@n AS nvarchar(20));
    DECLARE @create nvarchar(max) = REPLACE(N'CREATE TABLE [gold].[overlapping__1] (
    [window_start] datetime2(0) NOT NULL,
    [_key] binary(16) NOT NULL,
    [kind] nvarchar(max) NULL,
    [n] bigint NOT NULL,
    [mean_sum] decimal(38,2) NULL,
    [mean_count] bigint NOT NULL,
    PRIMARY KEY ([window_start], [_key])
)', N'[overlapping__1]', QUOTENAME(@physical));
    BEGIN TRANSACTION;
    EXEC(@create);
    UPDATE [gold].[sluice_progress] SET [n] = @n WHERE [gold_table] = N'overlapping';
    INSERT INTO [gold].[sluice_old] ([dataset], [physical], [since])
        SELECT [dataset], [physical], SYSUTCDATETIME() FROM [gold].[sluice_next] WHERE [gold_table] = N'overlapping' AND [physical] IS NOT NULL;
    DELETE FROM [gold].[sluice_next] WHERE [gold_table] = N'overlapping';
    INSERT INTO [gold].[sluice_next] ([gold_table], [dataset], [generation], [definition], [physical], [log], [is_asked])
        VALUES (N'overlapping', N'things', 3, N'b66946768988627c6ccb6fb2efcf8417', @physical, @log, @asked);
    COMMIT TRANSACTION;
END;
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
-- A row for each window_start and kind.
DECLARE @physical nvarchar(128) = (SELECT [physical] FROM [gold].[sluice_progress]
    WHERE [gold_table] = N'overlapping' AND [definition] = N'b66946768988627c6ccb6fb2efcf8417');
DECLARE @view nvarchar(max) = REPLACE(N'CREATE OR ALTER VIEW [gold].[overlapping] AS
/* sluice f4d99d824d35f919bcd293f48eb9e20b */
SELECT
    t.[window_start] AS [window_start],
    t.[_key] AS [_key],
    t.[kind] AS [kind],
    t.[n] AS [n],
    t.[mean_sum] AS [mean_sum],
    t.[mean_count] AS [mean_count]
FROM [gold].[overlapping__1] AS t', N'[overlapping__1]', QUOTENAME(@physical));
IF @view IS NOT NULL EXEC(@view);
GO

IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;
-- overlapping as reports show it: averages computed, and whether the period is complete.
DECLARE @physical nvarchar(128) = (SELECT [physical] FROM [gold].[sluice_progress]
    WHERE [gold_table] = N'overlapping' AND [definition] = N'b66946768988627c6ccb6fb2efcf8417');
DECLARE @view nvarchar(max) = REPLACE(N'CREATE OR ALTER VIEW [gold].[overlapping_report] AS
/* sluice 31ad1981d70bf5a73d24c0c6480121e7 */
SELECT
    t.[window_start] AS [window_start],
    DATEADD(minute, 30, t.[window_start]) AS [window_end],
    t.[kind] AS [kind],
    t.[n] AS [n],
    CAST(ROUND(CAST(t.[mean_sum] AS float) / NULLIF(t.[mean_count], 0), 6) AS float) AS [mean],
    t.[mean_sum] AS [mean_sum],
    t.[mean_count] AS [mean_count],
    CAST(CASE WHEN CAST(t.[window_start] AS datetime2(0)) < f.[settled_until] THEN 1 ELSE 0 END AS bit) AS [is_settled]
FROM [gold].[overlapping__1] AS t
LEFT JOIN [gold].[sluice_freshness] AS f ON f.[gold_table] = N''overlapping''', N'[overlapping__1]', QUOTENAME(@physical));
IF @view IS NOT NULL EXEC(@view);
GO
