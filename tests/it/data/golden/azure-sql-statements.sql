-- open a session
SET XACT_ABORT ON; SET LOCK_TIMEOUT 30000

-- probe
SELECT 1 AS [alive]

-- look
SELECT N'columns' AS [part], CAST(o.[name] AS nvarchar(128)) AS [object], CAST(o.[type] AS nvarchar(2)) AS [kind],
    CAST(c.[name] AS nvarchar(128)) AS [column], CAST(y.[name] AS nvarchar(128)) AS [type],
    CAST(c.[max_length] AS int) AS [length], CAST(c.[precision] AS int) AS [precision],
    CAST(c.[scale] AS int) AS [scale], CAST(c.[is_nullable] AS int) AS [nullable],
    CASE WHEN k.[column_id] IS NULL THEN 0 ELSE 1 END AS [key],
    CASE WHEN n.[column_id] IS NULL THEN 0 ELSE 1 END AS [indexed]
FROM sys.objects AS o
JOIN sys.schemas AS s ON s.[schema_id] = o.[schema_id]
JOIN sys.columns AS c ON c.[object_id] = o.[object_id]
JOIN sys.types AS y ON y.[user_type_id] = c.[user_type_id]
LEFT JOIN (SELECT i.[object_id], x.[column_id] FROM sys.indexes AS i
    JOIN sys.index_columns AS x ON x.[object_id] = i.[object_id] AND x.[index_id] = i.[index_id]
    WHERE i.[is_primary_key] = 1 AND x.[key_ordinal] > 0) AS k ON k.[object_id] = c.[object_id] AND k.[column_id] = c.[column_id]
LEFT JOIN (SELECT DISTINCT i.[object_id], x.[column_id] FROM sys.indexes AS i
    JOIN sys.index_columns AS x ON x.[object_id] = i.[object_id] AND x.[index_id] = i.[index_id]
    WHERE i.[is_primary_key] = 0 AND x.[key_ordinal] = 1) AS n ON n.[object_id] = c.[object_id] AND n.[column_id] = c.[column_id]
WHERE LOWER(s.[name]) = LOWER(@P1) AND RTRIM(o.[type]) IN (N'U', N'V')
ORDER BY o.[object_id], c.[column_id];
SELECT N'views' AS [part], CAST(o.[name] AS nvarchar(128)) AS [object], CAST(m.[definition] AS nvarchar(max)) AS [text]
FROM sys.sql_modules AS m
JOIN sys.objects AS o ON o.[object_id] = m.[object_id]
JOIN sys.schemas AS s ON s.[schema_id] = o.[schema_id]
WHERE LOWER(s.[name]) = LOWER(@P1) AND RTRIM(o.[type]) = N'V';
IF OBJECT_ID(N'[reports].[sluice_progress]', N'U') IS NOT NULL
    SELECT N'sluice_progress' AS [part], b.* FROM [reports].[sluice_progress] AS b;
IF OBJECT_ID(N'[reports].[sluice_freshness]', N'U') IS NOT NULL
    SELECT N'sluice_freshness' AS [part], b.* FROM [reports].[sluice_freshness] AS b;
IF OBJECT_ID(N'[reports].[sluice_next]', N'U') IS NOT NULL
    SELECT N'sluice_next' AS [part], b.* FROM [reports].[sluice_next] AS b;
IF OBJECT_ID(N'[reports].[sluice_builds]', N'U') IS NOT NULL
    SELECT N'sluice_builds' AS [part], b.* FROM [reports].[sluice_builds] AS b;
IF OBJECT_ID(N'[reports].[sluice_old]', N'U') IS NOT NULL
    SELECT N'sluice_old' AS [part], b.* FROM [reports].[sluice_old] AS b;
IF OBJECT_ID(N'[reports].[sluice_rules]', N'U') IS NOT NULL
    SELECT N'sluice_rules' AS [part], b.* FROM [reports].[sluice_rules] AS b

-- lock the schema
BEGIN TRANSACTION;
DECLARE @granted int;
EXEC @granted = sp_getapplock @Resource = N'sluice/reports', @LockMode = N'Exclusive', @LockOwner = N'Transaction', @LockTimeout = 30000;
SELECT @granted AS [granted]

-- begin
BEGIN TRANSACTION;
DECLARE @granted int;
EXEC @granted = sp_getapplock @Resource = N'sluice/reports/things', @LockMode = N'Exclusive', @LockOwner = N'Transaction', @LockTimeout = 30000;
SELECT @granted AS [granted]

-- move
IF EXISTS (SELECT 1 FROM [reports].[sluice_builds] WHERE [dataset] = @P1
    AND ([stamp] > @P2 OR ([stamp] = @P2 AND [hash] > @P3)))
BEGIN
    SELECT 2 AS [outcome];
    RETURN;
END;
INSERT INTO [reports].[sluice_progress] ([gold_table], [dataset], [log], [generation], [definition], [version], [physical], [n], [text], [rankings], [kept_from])
SELECT @P17, @P1, NULLIF(@P18, N''), @P19, @P20, @P21, NULLIF(@P22, N''), @P23, NULLIF(@P31, N''), NULLIF(@P32, N''), CAST(NULLIF(@P33, N'') AS datetime2(6))
WHERE NOT EXISTS (SELECT 1 FROM [reports].[sluice_progress] WHERE [gold_table] = @P17);
IF @@ROWCOUNT = 0
BEGIN
    SELECT 1 AS [outcome];
    RETURN;
END;
UPDATE [reports].[sluice_freshness] SET [dataset] = @P1, [watermark] = CAST(NULLIF(@P5, N'') AS datetime2(6)), [settled_until] = CAST(NULLIF(@P30, N'') AS datetime2(0)), [version] = @P21, [last_run] = CAST(NULLIF(@P4, N'') AS datetime2(6)), [state] = N'live', [reason] = NULL, [blocked_version] = NULL, [blocked_definition] = NULL, [blocked_stamp] = NULL, [blocked_at] = NULL, [generation] = @P19, [pending_objects] = CASE WHEN @P6 = N'' THEN [pending_objects] ELSE CAST(NULLIF(@P6, N'') AS bigint) END, [oldest_pending] = CASE WHEN @P6 = N'' THEN [oldest_pending] ELSE CAST(NULLIF(@P7, N'') AS datetime2(6)) END
WHERE [gold_table] = @P17;
IF @@ROWCOUNT = 0
INSERT INTO [reports].[sluice_freshness] ([gold_table], [dataset], [watermark], [settled_until], [version], [last_run], [state], [generation], [pending_objects], [oldest_pending])
VALUES (@P17, @P1, CAST(NULLIF(@P5, N'') AS datetime2(6)), CAST(NULLIF(@P30, N'') AS datetime2(0)), @P21, CAST(NULLIF(@P4, N'') AS datetime2(6)), N'live', @P19, CAST(NULLIF(@P6, N'') AS bigint), CAST(NULLIF(@P7, N'') AS datetime2(6)));
UPDATE [reports].[sluice_freshness] SET [events] = CAST(NULLIF(@P8, N'') AS bigint), [records] = CAST(NULLIF(@P9, N'') AS bigint), [rows] = CAST(NULLIF(@P10, N'') AS bigint), [duplicates] = CAST(NULLIF(@P11, N'') AS bigint), [filtered] = CAST(NULLIF(@P12, N'') AS bigint), [quarantined] = CAST(NULLIF(@P13, N'') AS bigint), [redriven] = CAST(NULLIF(@P14, N'') AS bigint), [rows_taken] = CAST(NULLIF(@P16, N'') AS bigint), [counted_version] = @P21
WHERE [gold_table] = @P17;
UPDATE [reports].[sluice_progress] SET [dataset] = @P1, [log] = NULLIF(@P35, N''), [generation] = @P36, [definition] = @P37, [version] = @P38, [physical] = NULLIF(@P39, N''), [n] = @P40, [text] = NULLIF(@P48, N''), [rankings] = NULLIF(@P49, N''), [kept_from] = CAST(NULLIF(@P50, N'') AS datetime2(6))
WHERE [gold_table] = @P34 AND ISNULL([dataset], @P1) = @P1 AND ISNULL([log], N'') = @P41 AND [generation] = @P42 AND [definition] = @P43 AND [version] = @P44 AND ISNULL([physical], N'') = @P45 AND ISNULL([n], 0) = @P46;
IF @@ROWCOUNT = 0
BEGIN
    SELECT 1 AS [outcome];
    RETURN;
END;
UPDATE [reports].[sluice_freshness] SET [dataset] = @P1, [watermark] = CAST(NULLIF(@P5, N'') AS datetime2(6)), [settled_until] = CASE WHEN CAST(NULLIF(@P47, N'') AS datetime2(0)) IS NULL OR [settled_until] > CAST(NULLIF(@P47, N'') AS datetime2(0)) THEN [settled_until] ELSE CAST(NULLIF(@P47, N'') AS datetime2(0)) END, [version] = @P38, [last_run] = CAST(NULLIF(@P4, N'') AS datetime2(6)), [state] = N'live', [reason] = NULL, [blocked_version] = NULL, [blocked_definition] = NULL, [blocked_stamp] = NULL, [blocked_at] = NULL, [generation] = @P36, [pending_objects] = CASE WHEN @P6 = N'' THEN [pending_objects] ELSE CAST(NULLIF(@P6, N'') AS bigint) END, [oldest_pending] = CASE WHEN @P6 = N'' THEN [oldest_pending] ELSE CAST(NULLIF(@P7, N'') AS datetime2(6)) END
WHERE [gold_table] = @P34;
IF @@ROWCOUNT = 0
INSERT INTO [reports].[sluice_freshness] ([gold_table], [dataset], [watermark], [settled_until], [version], [last_run], [state], [generation], [pending_objects], [oldest_pending])
VALUES (@P34, @P1, CAST(NULLIF(@P5, N'') AS datetime2(6)), CAST(NULLIF(@P47, N'') AS datetime2(0)), @P38, CAST(NULLIF(@P4, N'') AS datetime2(6)), N'live', @P36, CAST(NULLIF(@P6, N'') AS bigint), CAST(NULLIF(@P7, N'') AS datetime2(6)));
UPDATE [reports].[sluice_freshness] SET [events] = CAST(NULLIF(@P8, N'') AS bigint), [records] = CAST(NULLIF(@P9, N'') AS bigint), [rows] = CAST(NULLIF(@P10, N'') AS bigint), [duplicates] = CAST(NULLIF(@P11, N'') AS bigint), [filtered] = CAST(NULLIF(@P12, N'') AS bigint), [quarantined] = CAST(NULLIF(@P13, N'') AS bigint), [redriven] = CAST(NULLIF(@P14, N'') AS bigint), [rows_taken] = ISNULL(CASE WHEN [counted_version] = @P44 THEN [rows_taken] END, CAST(NULLIF(@P15, N'') AS bigint)) + CAST(NULLIF(@P16, N'') AS bigint), [counted_version] = @P38
WHERE [gold_table] = @P34;
UPDATE [reports].[sluice_progress] SET [dataset] = @P1, [log] = NULLIF(@P52, N''), [generation] = @P53, [definition] = @P54, [version] = @P55, [physical] = NULLIF(@P56, N''), [n] = @P57, [text] = NULLIF(@P65, N''), [rankings] = NULLIF(@P66, N''), [kept_from] = CAST(NULLIF(@P67, N'') AS datetime2(6))
WHERE [gold_table] = @P51 AND ISNULL([dataset], @P1) = @P1 AND ISNULL([log], N'') = @P58 AND [generation] = @P59 AND [definition] = @P60 AND [version] = @P61 AND ISNULL([physical], N'') = @P62 AND ISNULL([n], 0) = @P63;
IF @@ROWCOUNT = 0
BEGIN
    SELECT 1 AS [outcome];
    RETURN;
END;
UPDATE [reports].[sluice_freshness] SET [dataset] = @P1, [watermark] = CAST(NULLIF(@P5, N'') AS datetime2(6)), [settled_until] = CAST(NULLIF(@P64, N'') AS datetime2(0)), [version] = @P55, [last_run] = CAST(NULLIF(@P4, N'') AS datetime2(6)), [state] = N'live', [reason] = NULL, [blocked_version] = NULL, [blocked_definition] = NULL, [blocked_stamp] = NULL, [blocked_at] = NULL, [generation] = @P53, [pending_objects] = CASE WHEN @P6 = N'' THEN [pending_objects] ELSE CAST(NULLIF(@P6, N'') AS bigint) END, [oldest_pending] = CASE WHEN @P6 = N'' THEN [oldest_pending] ELSE CAST(NULLIF(@P7, N'') AS datetime2(6)) END
WHERE [gold_table] = @P51;
IF @@ROWCOUNT = 0
INSERT INTO [reports].[sluice_freshness] ([gold_table], [dataset], [watermark], [settled_until], [version], [last_run], [state], [generation], [pending_objects], [oldest_pending])
VALUES (@P51, @P1, CAST(NULLIF(@P5, N'') AS datetime2(6)), CAST(NULLIF(@P64, N'') AS datetime2(0)), @P55, CAST(NULLIF(@P4, N'') AS datetime2(6)), N'live', @P53, CAST(NULLIF(@P6, N'') AS bigint), CAST(NULLIF(@P7, N'') AS datetime2(6)));
UPDATE [reports].[sluice_freshness] SET [events] = CAST(NULLIF(@P8, N'') AS bigint), [records] = CAST(NULLIF(@P9, N'') AS bigint), [rows] = CAST(NULLIF(@P10, N'') AS bigint), [duplicates] = CAST(NULLIF(@P11, N'') AS bigint), [filtered] = CAST(NULLIF(@P12, N'') AS bigint), [quarantined] = CAST(NULLIF(@P13, N'') AS bigint), [redriven] = CAST(NULLIF(@P14, N'') AS bigint), [rows_taken] = CAST(NULLIF(@P16, N'') AS bigint), [counted_version] = @P55
WHERE [gold_table] = @P51;
SELECT 0 AS [outcome]

-- raise the build
UPDATE [reports].[sluice_builds] SET [stamp] = @P2, [hash] = @P3 WHERE [dataset] = @P1;
IF @@ROWCOUNT = 0
INSERT INTO [reports].[sluice_builds] ([dataset], [stamp], [hash]) VALUES (@P1, @P2, @P3)

-- block
IF NOT EXISTS (SELECT 1 FROM [reports].[sluice_freshness] WHERE [gold_table] = @P1)
    INSERT INTO [reports].[sluice_freshness] ([gold_table]) VALUES (@P1);
UPDATE [reports].[sluice_freshness] SET [dataset] = @P2, [state] = @P8, [reason] = @P3, [settled_until] = CASE WHEN @P8 = N'blocked' THEN NULL ELSE [settled_until] END, [blocked_version] = CAST(NULLIF(@P4, N'') AS bigint), [blocked_definition] = @P5, [blocked_stamp] = @P6, [blocked_at] = CAST(@P7 AS datetime2(6))
WHERE [gold_table] = @P1

-- retire
INSERT INTO [reports].[sluice_old] ([dataset], [physical], [since])
SELECT @P1, @P2, CAST(@P3 AS datetime2(6))
WHERE NOT EXISTS (SELECT 1 FROM [reports].[sluice_old] WHERE [dataset] = @P1 AND [physical] = @P2)

-- commit
COMMIT TRANSACTION

-- roll back
IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION

-- create
IF NOT EXISTS (SELECT 1 FROM sys.schemas WHERE LOWER([name]) = LOWER(N'reports'))
    EXEC(N'CREATE SCHEMA [reports]')

-- create
CREATE TABLE [reports].[sluice_progress] (
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
)

-- create
CREATE TABLE [reports].[sluice_freshness] (
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
)

-- create
CREATE TABLE [reports].[sluice_next] (
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
)

-- create
CREATE TABLE [reports].[sluice_builds] (
    [dataset] nvarchar(128) NOT NULL,
    [stamp] bigint NOT NULL,
    [hash] nvarchar(64) NOT NULL,
    PRIMARY KEY ([dataset])
)

-- create
CREATE TABLE [reports].[sluice_old] (
    [dataset] nvarchar(128) NOT NULL,
    [physical] nvarchar(128) NOT NULL,
    [since] datetime2(6) NOT NULL,
    PRIMARY KEY ([dataset], [physical])
)

-- read sluice_progress
SELECT b.* FROM [reports].[sluice_progress] AS b

-- add a column to sluice_progress
ALTER TABLE [reports].[sluice_progress] ADD [dataset] nvarchar(128) NULL

-- add a column to sluice_progress
ALTER TABLE [reports].[sluice_progress] ADD [log] nvarchar(64) NULL

-- add a column to sluice_progress
ALTER TABLE [reports].[sluice_progress] ADD [physical] nvarchar(128) NULL

-- add a column to sluice_progress
ALTER TABLE [reports].[sluice_progress] ADD [n] bigint NULL

-- add a column to sluice_progress
ALTER TABLE [reports].[sluice_progress] ADD [text] nvarchar(max) NULL

-- add a column to sluice_progress
ALTER TABLE [reports].[sluice_progress] ADD [rankings] nvarchar(max) NULL

-- add a column to sluice_progress
ALTER TABLE [reports].[sluice_progress] ADD [kept_from] datetime2(6) NULL

-- read sluice_freshness
SELECT b.* FROM [reports].[sluice_freshness] AS b

-- add a column to sluice_freshness
ALTER TABLE [reports].[sluice_freshness] ADD [watermark] datetime2(6) NULL

-- add a column to sluice_freshness
ALTER TABLE [reports].[sluice_freshness] ADD [settled_until] datetime2(0) NULL

-- add a column to sluice_freshness
ALTER TABLE [reports].[sluice_freshness] ADD [version] bigint NULL

-- add a column to sluice_freshness
ALTER TABLE [reports].[sluice_freshness] ADD [last_run] datetime2(6) NULL

-- add a column to sluice_freshness
ALTER TABLE [reports].[sluice_freshness] ADD [dataset] nvarchar(128) NULL

-- add a column to sluice_freshness
ALTER TABLE [reports].[sluice_freshness] ADD [state] nvarchar(64) NULL

-- add a column to sluice_freshness
ALTER TABLE [reports].[sluice_freshness] ADD [reason] nvarchar(max) NULL

-- add a column to sluice_freshness
ALTER TABLE [reports].[sluice_freshness] ADD [blocked_version] bigint NULL

-- add a column to sluice_freshness
ALTER TABLE [reports].[sluice_freshness] ADD [blocked_definition] nvarchar(64) NULL

-- add a column to sluice_freshness
ALTER TABLE [reports].[sluice_freshness] ADD [blocked_stamp] bigint NULL

-- add a column to sluice_freshness
ALTER TABLE [reports].[sluice_freshness] ADD [blocked_at] datetime2(6) NULL

-- add a column to sluice_freshness
ALTER TABLE [reports].[sluice_freshness] ADD [generation] bigint NULL

-- add a column to sluice_freshness
ALTER TABLE [reports].[sluice_freshness] ADD [next_generation] bigint NULL

-- add a column to sluice_freshness
ALTER TABLE [reports].[sluice_freshness] ADD [next_done] bigint NULL

-- add a column to sluice_freshness
ALTER TABLE [reports].[sluice_freshness] ADD [pending_objects] bigint NULL

-- add a column to sluice_freshness
ALTER TABLE [reports].[sluice_freshness] ADD [oldest_pending] datetime2(6) NULL

-- add a column to sluice_freshness
ALTER TABLE [reports].[sluice_freshness] ADD [events] bigint NULL

-- add a column to sluice_freshness
ALTER TABLE [reports].[sluice_freshness] ADD [records] bigint NULL

-- add a column to sluice_freshness
ALTER TABLE [reports].[sluice_freshness] ADD [rows] bigint NULL

-- add a column to sluice_freshness
ALTER TABLE [reports].[sluice_freshness] ADD [duplicates] bigint NULL

-- add a column to sluice_freshness
ALTER TABLE [reports].[sluice_freshness] ADD [filtered] bigint NULL

-- add a column to sluice_freshness
ALTER TABLE [reports].[sluice_freshness] ADD [quarantined] bigint NULL

-- add a column to sluice_freshness
ALTER TABLE [reports].[sluice_freshness] ADD [redriven] bigint NULL

-- add a column to sluice_freshness
ALTER TABLE [reports].[sluice_freshness] ADD [rows_taken] bigint NULL

-- add a column to sluice_freshness
ALTER TABLE [reports].[sluice_freshness] ADD [counted_version] bigint NULL

-- read sluice_next
SELECT b.* FROM [reports].[sluice_next] AS b

-- add a column to sluice_next
ALTER TABLE [reports].[sluice_next] ADD [physical] nvarchar(128) NULL

-- add a column to sluice_next
ALTER TABLE [reports].[sluice_next] ADD [log] nvarchar(64) NULL

-- add a column to sluice_next
ALTER TABLE [reports].[sluice_next] ADD [base_version] bigint NULL

-- add a column to sluice_next
ALTER TABLE [reports].[sluice_next] ADD [files_done] bigint NULL

-- add a column to sluice_next
ALTER TABLE [reports].[sluice_next] ADD [version] bigint NULL

-- add a column to sluice_next
ALTER TABLE [reports].[sluice_next] ADD [stamp] bigint NULL

-- add a column to sluice_next
ALTER TABLE [reports].[sluice_next] ADD [is_asked] bigint NULL

-- add a column to sluice_next
ALTER TABLE [reports].[sluice_next] ADD [since] datetime2(6) NULL

-- add a column to sluice_next
ALTER TABLE [reports].[sluice_next] ADD [state] nvarchar(64) NULL

-- add a column to sluice_next
ALTER TABLE [reports].[sluice_next] ADD [reason] nvarchar(max) NULL

-- add a column to sluice_next
ALTER TABLE [reports].[sluice_next] ADD [noted_stamp] bigint NULL

-- add a column to sluice_next
ALTER TABLE [reports].[sluice_next] ADD [noted_at] datetime2(6) NULL

-- add a column to sluice_next
ALTER TABLE [reports].[sluice_next] ADD [rows_taken] bigint NULL

-- add a column to sluice_next
ALTER TABLE [reports].[sluice_next] ADD [rows_taken_at] bigint NULL

-- read sluice_builds
SELECT b.* FROM [reports].[sluice_builds] AS b

-- read sluice_old
SELECT b.* FROM [reports].[sluice_old] AS b

-- show sluice_balance
CREATE OR ALTER VIEW [reports].[sluice_balance] AS
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
FROM [reports].[sluice_freshness] AS f

-- read sluice_balance
SELECT TOP (10) [gold_table], [dataset], [generation], [version], [events], [records], [rows], [duplicates], [filtered], [quarantined], [redriven], [unaccounted], [rows_taken], [rows_missing], [is_balanced] FROM [reports].[sluice_balance] ORDER BY CASE WHEN [is_balanced] IS NULL THEN 1 ELSE 0 END, [is_balanced] DESC

-- remove gone
DROP VIEW IF EXISTS [reports].[gone]

-- remove gone
DROP VIEW IF EXISTS [reports].[gone_report]

-- remove gone
DROP VIEW IF EXISTS [reports].[a]

-- remove gone
DROP VIEW IF EXISTS [reports].[b]

-- remove gone
DROP TABLE IF EXISTS [reports].[gone__1]

-- remove gone
UPDATE [reports].[sluice_progress] SET [log] = NULL, [generation] = 0, [definition] = N'', [version] = 0, [physical] = NULL, [text] = NULL, [rankings] = NULL WHERE [gold_table] = N'gone'

-- remove gone
DELETE FROM [reports].[sluice_freshness] WHERE [gold_table] = N'gone'

-- make beside all tables
SET LOCK_TIMEOUT 2000;
BEGIN TRANSACTION;
DECLARE @granted int;
EXEC @granted = sp_getapplock @Resource = N'sluice/reports/things', @LockMode = N'Exclusive', @LockOwner = N'Transaction', @LockTimeout = 2000;
IF @granted < 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 3 AS [outcome];
    RETURN;
END;
IF EXISTS (SELECT 1 FROM [reports].[sluice_builds] WHERE [dataset] = N'things'
    AND ([stamp] > 0 OR ([stamp] = 0 AND [hash] > N'')))
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 2 AS [outcome];
    RETURN;
END;
UPDATE [reports].[sluice_progress] SET [n] = 2 WHERE [gold_table] = N'hourly' AND ISNULL([dataset], N'things') = N'things' AND [log] IS NULL AND [generation] = 3 AND [definition] = N'' AND [version] = 0 AND [physical] = N'hourly__1' AND ISNULL([n], 0) = 1;
IF @@ROWCOUNT = 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
DELETE FROM [reports].[sluice_next] WHERE [gold_table] = N'hourly' AND [dataset] = N'things' AND [physical] IS NULL AND [log] IS NULL AND [generation] = 3 AND [definition] = N'' AND [base_version] IS NULL AND ISNULL([files_done], 0) = 0 AND [version] IS NULL AND ISNULL([stamp], 0) = 0 AND ISNULL([is_asked], 0) = 0;
IF @@ROWCOUNT = 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
INSERT INTO [reports].[sluice_next] ([gold_table], [dataset], [physical], [log], [generation], [definition], [base_version], [files_done], [version], [stamp], [is_asked], [since], [state], [reason], [noted_stamp], [noted_at], [rows_taken], [rows_taken_at])
VALUES (N'hourly', N'things', N'hourly__2', N'log', 3, N'7d83e14e1a4737bcc650fbc2417ba380', 1, 0, 1, 0, 0, CAST(N'1970-01-01T00:00:00.000000' AS datetime2(6)), NULL, NULL, NULL, NULL, 1, 1);
CREATE TABLE [reports].[hourly__2] (
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
UPDATE [reports].[sluice_freshness] SET [next_generation] = 3, [next_done] = 0 WHERE [gold_table] = N'hourly';
UPDATE [reports].[sluice_progress] SET [n] = 2 WHERE [gold_table] = N'daily' AND ISNULL([dataset], N'things') = N'things' AND [log] IS NULL AND [generation] = 3 AND [definition] = N'' AND [version] = 0 AND [physical] = N'daily__1' AND ISNULL([n], 0) = 1;
IF @@ROWCOUNT = 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
DELETE FROM [reports].[sluice_next] WHERE [gold_table] = N'daily' AND [dataset] = N'things' AND [physical] IS NULL AND [log] IS NULL AND [generation] = 3 AND [definition] = N'' AND [base_version] IS NULL AND ISNULL([files_done], 0) = 0 AND [version] IS NULL AND ISNULL([stamp], 0) = 0 AND ISNULL([is_asked], 0) = 0;
IF @@ROWCOUNT = 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
INSERT INTO [reports].[sluice_next] ([gold_table], [dataset], [physical], [log], [generation], [definition], [base_version], [files_done], [version], [stamp], [is_asked], [since], [state], [reason], [noted_stamp], [noted_at], [rows_taken], [rows_taken_at])
VALUES (N'daily', N'things', N'daily__2', N'log', 3, N'c00db0504b57d26a0986caabdf027ad2', 1, 0, 1, 0, 0, CAST(N'1970-01-01T00:00:00.000000' AS datetime2(6)), NULL, NULL, NULL, NULL, 1, 1);
CREATE TABLE [reports].[daily__2] (
    [day] date NOT NULL,
    [_key] binary(16) NOT NULL,
    [kind] nvarchar(max) NULL,
    [flag] bit NULL,
    [n] bigint NOT NULL,
    [total] decimal(38,2) NULL,
    [largest] decimal(18,2) NULL,
    PRIMARY KEY ([day], [_key])
);
UPDATE [reports].[sluice_freshness] SET [next_generation] = 3, [next_done] = 0 WHERE [gold_table] = N'daily';
UPDATE [reports].[sluice_progress] SET [n] = 2 WHERE [gold_table] = N'monthly' AND ISNULL([dataset], N'things') = N'things' AND [log] IS NULL AND [generation] = 3 AND [definition] = N'' AND [version] = 0 AND [physical] = N'monthly__1' AND ISNULL([n], 0) = 1;
IF @@ROWCOUNT = 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
DELETE FROM [reports].[sluice_next] WHERE [gold_table] = N'monthly' AND [dataset] = N'things' AND [physical] IS NULL AND [log] IS NULL AND [generation] = 3 AND [definition] = N'' AND [base_version] IS NULL AND ISNULL([files_done], 0) = 0 AND [version] IS NULL AND ISNULL([stamp], 0) = 0 AND ISNULL([is_asked], 0) = 0;
IF @@ROWCOUNT = 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
INSERT INTO [reports].[sluice_next] ([gold_table], [dataset], [physical], [log], [generation], [definition], [base_version], [files_done], [version], [stamp], [is_asked], [since], [state], [reason], [noted_stamp], [noted_at], [rows_taken], [rows_taken_at])
VALUES (N'monthly', N'things', N'monthly__2', N'log', 3, N'b148a3f4a7310ab0148c4df904e1f476', 1, 0, 1, 0, 0, CAST(N'1970-01-01T00:00:00.000000' AS datetime2(6)), NULL, NULL, NULL, NULL, 1, 1);
CREATE TABLE [reports].[monthly__2] (
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
UPDATE [reports].[sluice_freshness] SET [next_generation] = 3, [next_done] = 0 WHERE [gold_table] = N'monthly';
UPDATE [reports].[sluice_progress] SET [n] = 2 WHERE [gold_table] = N'ever' AND ISNULL([dataset], N'things') = N'things' AND [log] IS NULL AND [generation] = 3 AND [definition] = N'' AND [version] = 0 AND [physical] = N'ever__1' AND ISNULL([n], 0) = 1;
IF @@ROWCOUNT = 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
DELETE FROM [reports].[sluice_next] WHERE [gold_table] = N'ever' AND [dataset] = N'things' AND [physical] IS NULL AND [log] IS NULL AND [generation] = 3 AND [definition] = N'' AND [base_version] IS NULL AND ISNULL([files_done], 0) = 0 AND [version] IS NULL AND ISNULL([stamp], 0) = 0 AND ISNULL([is_asked], 0) = 0;
IF @@ROWCOUNT = 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
INSERT INTO [reports].[sluice_next] ([gold_table], [dataset], [physical], [log], [generation], [definition], [base_version], [files_done], [version], [stamp], [is_asked], [since], [state], [reason], [noted_stamp], [noted_at], [rows_taken], [rows_taken_at])
VALUES (N'ever', N'things', N'ever__2', N'log', 3, N'de91091b06fe01f3794e871de6e4a707', 1, 0, 1, 0, 0, CAST(N'1970-01-01T00:00:00.000000' AS datetime2(6)), NULL, NULL, NULL, NULL, 1, 1);
CREATE TABLE [reports].[ever__2] (
    [_key] binary(16) NOT NULL,
    [n] bigint NOT NULL,
    [total] decimal(38,2) NULL,
    PRIMARY KEY ([_key])
);
UPDATE [reports].[sluice_freshness] SET [next_generation] = 3, [next_done] = 0 WHERE [gold_table] = N'ever';
UPDATE [reports].[sluice_progress] SET [n] = 2 WHERE [gold_table] = N'windows' AND ISNULL([dataset], N'things') = N'things' AND [log] IS NULL AND [generation] = 3 AND [definition] = N'' AND [version] = 0 AND [physical] = N'windows__1' AND ISNULL([n], 0) = 1;
IF @@ROWCOUNT = 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
DELETE FROM [reports].[sluice_next] WHERE [gold_table] = N'windows' AND [dataset] = N'things' AND [physical] IS NULL AND [log] IS NULL AND [generation] = 3 AND [definition] = N'' AND [base_version] IS NULL AND ISNULL([files_done], 0) = 0 AND [version] IS NULL AND ISNULL([stamp], 0) = 0 AND ISNULL([is_asked], 0) = 0;
IF @@ROWCOUNT = 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
INSERT INTO [reports].[sluice_next] ([gold_table], [dataset], [physical], [log], [generation], [definition], [base_version], [files_done], [version], [stamp], [is_asked], [since], [state], [reason], [noted_stamp], [noted_at], [rows_taken], [rows_taken_at])
VALUES (N'windows', N'things', N'windows__2', N'log', 3, N'48356355f4dc96f282fd15110e76da08', 1, 0, 1, 0, 0, CAST(N'1970-01-01T00:00:00.000000' AS datetime2(6)), NULL, NULL, NULL, NULL, 1, 1);
CREATE TABLE [reports].[windows__2] (
    [window_start] datetime2(0) NOT NULL,
    [_key] binary(16) NOT NULL,
    [kind] nvarchar(max) NULL,
    [n] bigint NOT NULL,
    [mean_sum] decimal(38,2) NULL,
    [mean_count] bigint NOT NULL,
    PRIMARY KEY ([window_start], [_key])
);
UPDATE [reports].[sluice_freshness] SET [next_generation] = 3, [next_done] = 0 WHERE [gold_table] = N'windows';
UPDATE [reports].[sluice_progress] SET [n] = 2 WHERE [gold_table] = N'weekly' AND ISNULL([dataset], N'things') = N'things' AND [log] IS NULL AND [generation] = 3 AND [definition] = N'' AND [version] = 0 AND [physical] = N'weekly__1' AND ISNULL([n], 0) = 1;
IF @@ROWCOUNT = 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
DELETE FROM [reports].[sluice_next] WHERE [gold_table] = N'weekly' AND [dataset] = N'things' AND [physical] IS NULL AND [log] IS NULL AND [generation] = 3 AND [definition] = N'' AND [base_version] IS NULL AND ISNULL([files_done], 0) = 0 AND [version] IS NULL AND ISNULL([stamp], 0) = 0 AND ISNULL([is_asked], 0) = 0;
IF @@ROWCOUNT = 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
INSERT INTO [reports].[sluice_next] ([gold_table], [dataset], [physical], [log], [generation], [definition], [base_version], [files_done], [version], [stamp], [is_asked], [since], [state], [reason], [noted_stamp], [noted_at], [rows_taken], [rows_taken_at])
VALUES (N'weekly', N'things', N'weekly__2', N'log', 3, N'0816b48101f96bfbf5421f89b864012c', 1, 0, 1, 0, 0, CAST(N'1970-01-01T00:00:00.000000' AS datetime2(6)), NULL, NULL, NULL, NULL, 1, 1);
CREATE TABLE [reports].[weekly__2] (
    [week] date NOT NULL,
    [_key] binary(16) NOT NULL,
    [n] bigint NOT NULL,
    PRIMARY KEY ([week], [_key])
);
UPDATE [reports].[sluice_freshness] SET [next_generation] = 3, [next_done] = 0 WHERE [gold_table] = N'weekly';
UPDATE [reports].[sluice_progress] SET [n] = 2 WHERE [gold_table] = N'filtered' AND ISNULL([dataset], N'things') = N'things' AND [log] IS NULL AND [generation] = 3 AND [definition] = N'' AND [version] = 0 AND [physical] = N'filtered__1' AND ISNULL([n], 0) = 1;
IF @@ROWCOUNT = 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
DELETE FROM [reports].[sluice_next] WHERE [gold_table] = N'filtered' AND [dataset] = N'things' AND [physical] IS NULL AND [log] IS NULL AND [generation] = 3 AND [definition] = N'' AND [base_version] IS NULL AND ISNULL([files_done], 0) = 0 AND [version] IS NULL AND ISNULL([stamp], 0) = 0 AND ISNULL([is_asked], 0) = 0;
IF @@ROWCOUNT = 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
INSERT INTO [reports].[sluice_next] ([gold_table], [dataset], [physical], [log], [generation], [definition], [base_version], [files_done], [version], [stamp], [is_asked], [since], [state], [reason], [noted_stamp], [noted_at], [rows_taken], [rows_taken_at])
VALUES (N'filtered', N'things', N'filtered__2', N'log', 3, N'd8415d2f896d377b0bc0ecd3fca7f659', 1, 0, 1, 0, 0, CAST(N'1970-01-01T00:00:00.000000' AS datetime2(6)), NULL, NULL, NULL, NULL, 1, 1);
CREATE TABLE [reports].[filtered__2] (
    [day] date NOT NULL,
    [_key] binary(16) NOT NULL,
    [n] bigint NOT NULL,
    [large] bigint NOT NULL,
    [mean_sum] decimal(38,2) NULL,
    [mean_count] bigint NOT NULL,
    PRIMARY KEY ([day], [_key])
);
UPDATE [reports].[sluice_freshness] SET [next_generation] = 3, [next_done] = 0 WHERE [gold_table] = N'filtered';
UPDATE [reports].[sluice_progress] SET [n] = 2 WHERE [gold_table] = N'kinds' AND ISNULL([dataset], N'things') = N'things' AND [log] IS NULL AND [generation] = 3 AND [definition] = N'' AND [version] = 0 AND [physical] = N'kinds__1' AND ISNULL([n], 0) = 1;
IF @@ROWCOUNT = 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
DELETE FROM [reports].[sluice_next] WHERE [gold_table] = N'kinds' AND [dataset] = N'things' AND [physical] IS NULL AND [log] IS NULL AND [generation] = 3 AND [definition] = N'' AND [base_version] IS NULL AND ISNULL([files_done], 0) = 0 AND [version] IS NULL AND ISNULL([stamp], 0) = 0 AND ISNULL([is_asked], 0) = 0;
IF @@ROWCOUNT = 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
INSERT INTO [reports].[sluice_next] ([gold_table], [dataset], [physical], [log], [generation], [definition], [base_version], [files_done], [version], [stamp], [is_asked], [since], [state], [reason], [noted_stamp], [noted_at], [rows_taken], [rows_taken_at])
VALUES (N'kinds', N'things', N'kinds__2', N'log', 3, N'f38246cb1eaaeb1e92ecc35853715761', 1, 0, 1, 0, 0, CAST(N'1970-01-01T00:00:00.000000' AS datetime2(6)), NULL, NULL, NULL, NULL, 1, 1);
CREATE TABLE [reports].[kinds__2] (
    [_key] binary(16) NOT NULL,
    [kind] nvarchar(max) NULL,
    [id] bigint NULL,
    [n] bigint NOT NULL,
    [total] decimal(38,2) NULL,
    [highest] float NULL,
    [seen] datetime2(6) NULL,
    PRIMARY KEY ([_key])
);
UPDATE [reports].[sluice_freshness] SET [next_generation] = 3, [next_done] = 0 WHERE [gold_table] = N'kinds';
UPDATE [reports].[sluice_progress] SET [n] = 2 WHERE [gold_table] = N'local_days' AND ISNULL([dataset], N'things') = N'things' AND [log] IS NULL AND [generation] = 3 AND [definition] = N'' AND [version] = 0 AND [physical] = N'local_days__1' AND ISNULL([n], 0) = 1;
IF @@ROWCOUNT = 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
DELETE FROM [reports].[sluice_next] WHERE [gold_table] = N'local_days' AND [dataset] = N'things' AND [physical] IS NULL AND [log] IS NULL AND [generation] = 3 AND [definition] = N'' AND [base_version] IS NULL AND ISNULL([files_done], 0) = 0 AND [version] IS NULL AND ISNULL([stamp], 0) = 0 AND ISNULL([is_asked], 0) = 0;
IF @@ROWCOUNT = 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
INSERT INTO [reports].[sluice_next] ([gold_table], [dataset], [physical], [log], [generation], [definition], [base_version], [files_done], [version], [stamp], [is_asked], [since], [state], [reason], [noted_stamp], [noted_at], [rows_taken], [rows_taken_at])
VALUES (N'local_days', N'things', N'local_days__2', N'log', 3, N'bf5cf24a370c4bf18a2150da54d092c1', 1, 0, 1, 0, 0, CAST(N'1970-01-01T00:00:00.000000' AS datetime2(6)), NULL, NULL, NULL, NULL, 1, 1);
CREATE TABLE [reports].[local_days__2] (
    [day] date NOT NULL,
    [_key] binary(16) NOT NULL,
    [kind] nvarchar(max) NULL,
    [n] bigint NOT NULL,
    [total] decimal(38,2) NULL,
    PRIMARY KEY ([day], [_key])
);
UPDATE [reports].[sluice_freshness] SET [next_generation] = 3, [next_done] = 0 WHERE [gold_table] = N'local_days';
UPDATE [reports].[sluice_progress] SET [n] = 2 WHERE [gold_table] = N'overlapping' AND ISNULL([dataset], N'things') = N'things' AND [log] IS NULL AND [generation] = 3 AND [definition] = N'' AND [version] = 0 AND [physical] = N'overlapping__1' AND ISNULL([n], 0) = 1;
IF @@ROWCOUNT = 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
DELETE FROM [reports].[sluice_next] WHERE [gold_table] = N'overlapping' AND [dataset] = N'things' AND [physical] IS NULL AND [log] IS NULL AND [generation] = 3 AND [definition] = N'' AND [base_version] IS NULL AND ISNULL([files_done], 0) = 0 AND [version] IS NULL AND ISNULL([stamp], 0) = 0 AND ISNULL([is_asked], 0) = 0;
IF @@ROWCOUNT = 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
INSERT INTO [reports].[sluice_next] ([gold_table], [dataset], [physical], [log], [generation], [definition], [base_version], [files_done], [version], [stamp], [is_asked], [since], [state], [reason], [noted_stamp], [noted_at], [rows_taken], [rows_taken_at])
VALUES (N'overlapping', N'things', N'overlapping__2', N'log', 3, N'b66946768988627c6ccb6fb2efcf8417', 1, 0, 1, 0, 0, CAST(N'1970-01-01T00:00:00.000000' AS datetime2(6)), NULL, NULL, NULL, NULL, 1, 1);
CREATE TABLE [reports].[overlapping__2] (
    [window_start] datetime2(0) NOT NULL,
    [_key] binary(16) NOT NULL,
    [kind] nvarchar(max) NULL,
    [n] bigint NOT NULL,
    [mean_sum] decimal(38,2) NULL,
    [mean_count] bigint NOT NULL,
    PRIMARY KEY ([window_start], [_key])
);
UPDATE [reports].[sluice_freshness] SET [next_generation] = 3, [next_done] = 0 WHERE [gold_table] = N'overlapping';
SELECT 0 AS [outcome]

-- make the first beside all tables
SET LOCK_TIMEOUT 2000;
BEGIN TRANSACTION;
DECLARE @granted int;
EXEC @granted = sp_getapplock @Resource = N'sluice/reports/things', @LockMode = N'Exclusive', @LockOwner = N'Transaction', @LockTimeout = 2000;
IF @granted < 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 3 AS [outcome];
    RETURN;
END;
IF EXISTS (SELECT 1 FROM [reports].[sluice_builds] WHERE [dataset] = N'things'
    AND ([stamp] > 0 OR ([stamp] = 0 AND [hash] > N'')))
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 2 AS [outcome];
    RETURN;
END;
INSERT INTO [reports].[sluice_progress] ([gold_table], [dataset], [generation], [definition], [version], [n])
SELECT N'hourly', N'things', 0, N'', 0, 1
WHERE NOT EXISTS (SELECT 1 FROM [reports].[sluice_progress] WHERE [gold_table] = N'hourly');
IF @@ROWCOUNT = 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
IF EXISTS (SELECT 1 FROM [reports].[sluice_next] WHERE [gold_table] = N'hourly')
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
INSERT INTO [reports].[sluice_next] ([gold_table], [dataset], [physical], [log], [generation], [definition], [base_version], [files_done], [version], [stamp], [is_asked], [since], [state], [reason], [noted_stamp], [noted_at], [rows_taken], [rows_taken_at])
VALUES (N'hourly', N'things', N'hourly__2', N'log', 3, N'7d83e14e1a4737bcc650fbc2417ba380', 1, 0, 1, 0, 0, CAST(N'1970-01-01T00:00:00.000000' AS datetime2(6)), NULL, NULL, NULL, NULL, 1, 1);
CREATE TABLE [reports].[hourly__2] (
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
UPDATE [reports].[sluice_freshness] SET [next_generation] = 3, [next_done] = 0 WHERE [gold_table] = N'hourly';
INSERT INTO [reports].[sluice_progress] ([gold_table], [dataset], [generation], [definition], [version], [n])
SELECT N'daily', N'things', 0, N'', 0, 1
WHERE NOT EXISTS (SELECT 1 FROM [reports].[sluice_progress] WHERE [gold_table] = N'daily');
IF @@ROWCOUNT = 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
IF EXISTS (SELECT 1 FROM [reports].[sluice_next] WHERE [gold_table] = N'daily')
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
INSERT INTO [reports].[sluice_next] ([gold_table], [dataset], [physical], [log], [generation], [definition], [base_version], [files_done], [version], [stamp], [is_asked], [since], [state], [reason], [noted_stamp], [noted_at], [rows_taken], [rows_taken_at])
VALUES (N'daily', N'things', N'daily__2', N'log', 3, N'c00db0504b57d26a0986caabdf027ad2', 1, 0, 1, 0, 0, CAST(N'1970-01-01T00:00:00.000000' AS datetime2(6)), NULL, NULL, NULL, NULL, 1, 1);
CREATE TABLE [reports].[daily__2] (
    [day] date NOT NULL,
    [_key] binary(16) NOT NULL,
    [kind] nvarchar(max) NULL,
    [flag] bit NULL,
    [n] bigint NOT NULL,
    [total] decimal(38,2) NULL,
    [largest] decimal(18,2) NULL,
    PRIMARY KEY ([day], [_key])
);
UPDATE [reports].[sluice_freshness] SET [next_generation] = 3, [next_done] = 0 WHERE [gold_table] = N'daily';
INSERT INTO [reports].[sluice_progress] ([gold_table], [dataset], [generation], [definition], [version], [n])
SELECT N'monthly', N'things', 0, N'', 0, 1
WHERE NOT EXISTS (SELECT 1 FROM [reports].[sluice_progress] WHERE [gold_table] = N'monthly');
IF @@ROWCOUNT = 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
IF EXISTS (SELECT 1 FROM [reports].[sluice_next] WHERE [gold_table] = N'monthly')
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
INSERT INTO [reports].[sluice_next] ([gold_table], [dataset], [physical], [log], [generation], [definition], [base_version], [files_done], [version], [stamp], [is_asked], [since], [state], [reason], [noted_stamp], [noted_at], [rows_taken], [rows_taken_at])
VALUES (N'monthly', N'things', N'monthly__2', N'log', 3, N'b148a3f4a7310ab0148c4df904e1f476', 1, 0, 1, 0, 0, CAST(N'1970-01-01T00:00:00.000000' AS datetime2(6)), NULL, NULL, NULL, NULL, 1, 1);
CREATE TABLE [reports].[monthly__2] (
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
UPDATE [reports].[sluice_freshness] SET [next_generation] = 3, [next_done] = 0 WHERE [gold_table] = N'monthly';
INSERT INTO [reports].[sluice_progress] ([gold_table], [dataset], [generation], [definition], [version], [n])
SELECT N'ever', N'things', 0, N'', 0, 1
WHERE NOT EXISTS (SELECT 1 FROM [reports].[sluice_progress] WHERE [gold_table] = N'ever');
IF @@ROWCOUNT = 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
IF EXISTS (SELECT 1 FROM [reports].[sluice_next] WHERE [gold_table] = N'ever')
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
INSERT INTO [reports].[sluice_next] ([gold_table], [dataset], [physical], [log], [generation], [definition], [base_version], [files_done], [version], [stamp], [is_asked], [since], [state], [reason], [noted_stamp], [noted_at], [rows_taken], [rows_taken_at])
VALUES (N'ever', N'things', N'ever__2', N'log', 3, N'de91091b06fe01f3794e871de6e4a707', 1, 0, 1, 0, 0, CAST(N'1970-01-01T00:00:00.000000' AS datetime2(6)), NULL, NULL, NULL, NULL, 1, 1);
CREATE TABLE [reports].[ever__2] (
    [_key] binary(16) NOT NULL,
    [n] bigint NOT NULL,
    [total] decimal(38,2) NULL,
    PRIMARY KEY ([_key])
);
UPDATE [reports].[sluice_freshness] SET [next_generation] = 3, [next_done] = 0 WHERE [gold_table] = N'ever';
INSERT INTO [reports].[sluice_progress] ([gold_table], [dataset], [generation], [definition], [version], [n])
SELECT N'windows', N'things', 0, N'', 0, 1
WHERE NOT EXISTS (SELECT 1 FROM [reports].[sluice_progress] WHERE [gold_table] = N'windows');
IF @@ROWCOUNT = 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
IF EXISTS (SELECT 1 FROM [reports].[sluice_next] WHERE [gold_table] = N'windows')
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
INSERT INTO [reports].[sluice_next] ([gold_table], [dataset], [physical], [log], [generation], [definition], [base_version], [files_done], [version], [stamp], [is_asked], [since], [state], [reason], [noted_stamp], [noted_at], [rows_taken], [rows_taken_at])
VALUES (N'windows', N'things', N'windows__2', N'log', 3, N'48356355f4dc96f282fd15110e76da08', 1, 0, 1, 0, 0, CAST(N'1970-01-01T00:00:00.000000' AS datetime2(6)), NULL, NULL, NULL, NULL, 1, 1);
CREATE TABLE [reports].[windows__2] (
    [window_start] datetime2(0) NOT NULL,
    [_key] binary(16) NOT NULL,
    [kind] nvarchar(max) NULL,
    [n] bigint NOT NULL,
    [mean_sum] decimal(38,2) NULL,
    [mean_count] bigint NOT NULL,
    PRIMARY KEY ([window_start], [_key])
);
UPDATE [reports].[sluice_freshness] SET [next_generation] = 3, [next_done] = 0 WHERE [gold_table] = N'windows';
INSERT INTO [reports].[sluice_progress] ([gold_table], [dataset], [generation], [definition], [version], [n])
SELECT N'weekly', N'things', 0, N'', 0, 1
WHERE NOT EXISTS (SELECT 1 FROM [reports].[sluice_progress] WHERE [gold_table] = N'weekly');
IF @@ROWCOUNT = 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
IF EXISTS (SELECT 1 FROM [reports].[sluice_next] WHERE [gold_table] = N'weekly')
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
INSERT INTO [reports].[sluice_next] ([gold_table], [dataset], [physical], [log], [generation], [definition], [base_version], [files_done], [version], [stamp], [is_asked], [since], [state], [reason], [noted_stamp], [noted_at], [rows_taken], [rows_taken_at])
VALUES (N'weekly', N'things', N'weekly__2', N'log', 3, N'0816b48101f96bfbf5421f89b864012c', 1, 0, 1, 0, 0, CAST(N'1970-01-01T00:00:00.000000' AS datetime2(6)), NULL, NULL, NULL, NULL, 1, 1);
CREATE TABLE [reports].[weekly__2] (
    [week] date NOT NULL,
    [_key] binary(16) NOT NULL,
    [n] bigint NOT NULL,
    PRIMARY KEY ([week], [_key])
);
UPDATE [reports].[sluice_freshness] SET [next_generation] = 3, [next_done] = 0 WHERE [gold_table] = N'weekly';
INSERT INTO [reports].[sluice_progress] ([gold_table], [dataset], [generation], [definition], [version], [n])
SELECT N'filtered', N'things', 0, N'', 0, 1
WHERE NOT EXISTS (SELECT 1 FROM [reports].[sluice_progress] WHERE [gold_table] = N'filtered');
IF @@ROWCOUNT = 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
IF EXISTS (SELECT 1 FROM [reports].[sluice_next] WHERE [gold_table] = N'filtered')
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
INSERT INTO [reports].[sluice_next] ([gold_table], [dataset], [physical], [log], [generation], [definition], [base_version], [files_done], [version], [stamp], [is_asked], [since], [state], [reason], [noted_stamp], [noted_at], [rows_taken], [rows_taken_at])
VALUES (N'filtered', N'things', N'filtered__2', N'log', 3, N'd8415d2f896d377b0bc0ecd3fca7f659', 1, 0, 1, 0, 0, CAST(N'1970-01-01T00:00:00.000000' AS datetime2(6)), NULL, NULL, NULL, NULL, 1, 1);
CREATE TABLE [reports].[filtered__2] (
    [day] date NOT NULL,
    [_key] binary(16) NOT NULL,
    [n] bigint NOT NULL,
    [large] bigint NOT NULL,
    [mean_sum] decimal(38,2) NULL,
    [mean_count] bigint NOT NULL,
    PRIMARY KEY ([day], [_key])
);
UPDATE [reports].[sluice_freshness] SET [next_generation] = 3, [next_done] = 0 WHERE [gold_table] = N'filtered';
INSERT INTO [reports].[sluice_progress] ([gold_table], [dataset], [generation], [definition], [version], [n])
SELECT N'kinds', N'things', 0, N'', 0, 1
WHERE NOT EXISTS (SELECT 1 FROM [reports].[sluice_progress] WHERE [gold_table] = N'kinds');
IF @@ROWCOUNT = 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
IF EXISTS (SELECT 1 FROM [reports].[sluice_next] WHERE [gold_table] = N'kinds')
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
INSERT INTO [reports].[sluice_next] ([gold_table], [dataset], [physical], [log], [generation], [definition], [base_version], [files_done], [version], [stamp], [is_asked], [since], [state], [reason], [noted_stamp], [noted_at], [rows_taken], [rows_taken_at])
VALUES (N'kinds', N'things', N'kinds__2', N'log', 3, N'f38246cb1eaaeb1e92ecc35853715761', 1, 0, 1, 0, 0, CAST(N'1970-01-01T00:00:00.000000' AS datetime2(6)), NULL, NULL, NULL, NULL, 1, 1);
CREATE TABLE [reports].[kinds__2] (
    [_key] binary(16) NOT NULL,
    [kind] nvarchar(max) NULL,
    [id] bigint NULL,
    [n] bigint NOT NULL,
    [total] decimal(38,2) NULL,
    [highest] float NULL,
    [seen] datetime2(6) NULL,
    PRIMARY KEY ([_key])
);
UPDATE [reports].[sluice_freshness] SET [next_generation] = 3, [next_done] = 0 WHERE [gold_table] = N'kinds';
INSERT INTO [reports].[sluice_progress] ([gold_table], [dataset], [generation], [definition], [version], [n])
SELECT N'local_days', N'things', 0, N'', 0, 1
WHERE NOT EXISTS (SELECT 1 FROM [reports].[sluice_progress] WHERE [gold_table] = N'local_days');
IF @@ROWCOUNT = 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
IF EXISTS (SELECT 1 FROM [reports].[sluice_next] WHERE [gold_table] = N'local_days')
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
INSERT INTO [reports].[sluice_next] ([gold_table], [dataset], [physical], [log], [generation], [definition], [base_version], [files_done], [version], [stamp], [is_asked], [since], [state], [reason], [noted_stamp], [noted_at], [rows_taken], [rows_taken_at])
VALUES (N'local_days', N'things', N'local_days__2', N'log', 3, N'bf5cf24a370c4bf18a2150da54d092c1', 1, 0, 1, 0, 0, CAST(N'1970-01-01T00:00:00.000000' AS datetime2(6)), NULL, NULL, NULL, NULL, 1, 1);
CREATE TABLE [reports].[local_days__2] (
    [day] date NOT NULL,
    [_key] binary(16) NOT NULL,
    [kind] nvarchar(max) NULL,
    [n] bigint NOT NULL,
    [total] decimal(38,2) NULL,
    PRIMARY KEY ([day], [_key])
);
UPDATE [reports].[sluice_freshness] SET [next_generation] = 3, [next_done] = 0 WHERE [gold_table] = N'local_days';
INSERT INTO [reports].[sluice_progress] ([gold_table], [dataset], [generation], [definition], [version], [n])
SELECT N'overlapping', N'things', 0, N'', 0, 1
WHERE NOT EXISTS (SELECT 1 FROM [reports].[sluice_progress] WHERE [gold_table] = N'overlapping');
IF @@ROWCOUNT = 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
IF EXISTS (SELECT 1 FROM [reports].[sluice_next] WHERE [gold_table] = N'overlapping')
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
INSERT INTO [reports].[sluice_next] ([gold_table], [dataset], [physical], [log], [generation], [definition], [base_version], [files_done], [version], [stamp], [is_asked], [since], [state], [reason], [noted_stamp], [noted_at], [rows_taken], [rows_taken_at])
VALUES (N'overlapping', N'things', N'overlapping__2', N'log', 3, N'b66946768988627c6ccb6fb2efcf8417', 1, 0, 1, 0, 0, CAST(N'1970-01-01T00:00:00.000000' AS datetime2(6)), NULL, NULL, NULL, NULL, 1, 1);
CREATE TABLE [reports].[overlapping__2] (
    [window_start] datetime2(0) NOT NULL,
    [_key] binary(16) NOT NULL,
    [kind] nvarchar(max) NULL,
    [n] bigint NOT NULL,
    [mean_sum] decimal(38,2) NULL,
    [mean_count] bigint NOT NULL,
    PRIMARY KEY ([window_start], [_key])
);
UPDATE [reports].[sluice_freshness] SET [next_generation] = 3, [next_done] = 0 WHERE [gold_table] = N'overlapping';
SELECT 0 AS [outcome]

-- give up beside all tables
SET LOCK_TIMEOUT 2000;
BEGIN TRANSACTION;
DECLARE @granted int;
EXEC @granted = sp_getapplock @Resource = N'sluice/reports/things', @LockMode = N'Exclusive', @LockOwner = N'Transaction', @LockTimeout = 2000;
IF @granted < 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 3 AS [outcome];
    RETURN;
END;
IF EXISTS (SELECT 1 FROM [reports].[sluice_builds] WHERE [dataset] = N'things'
    AND ([stamp] > 0 OR ([stamp] = 0 AND [hash] > N'')))
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 2 AS [outcome];
    RETURN;
END;
UPDATE [reports].[sluice_progress] SET [n] = 1 WHERE [gold_table] = N'hourly' AND ISNULL([dataset], N'things') = N'things' AND [log] IS NULL AND [generation] = 3 AND [definition] = N'' AND [version] = 0 AND [physical] = N'hourly__1' AND ISNULL([n], 0) = 1;
IF @@ROWCOUNT = 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
DELETE FROM [reports].[sluice_next] WHERE [gold_table] = N'hourly' AND [dataset] = N'things' AND [physical] = N'hourly__2' AND [log] = N'log' AND [generation] = 3 AND [definition] = N'7d83e14e1a4737bcc650fbc2417ba380' AND [base_version] = 1 AND ISNULL([files_done], 0) = 0 AND [version] = 1 AND ISNULL([stamp], 0) = 0 AND ISNULL([is_asked], 0) = 0;
IF @@ROWCOUNT = 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
INSERT INTO [reports].[sluice_old] ([dataset], [physical], [since])
SELECT N'things', N'hourly__2', CAST(N'1970-01-01T00:00:00.000000' AS datetime2(6))
WHERE NOT EXISTS (SELECT 1 FROM [reports].[sluice_old] WHERE [dataset] = N'things' AND [physical] = N'hourly__2');
UPDATE [reports].[sluice_freshness] SET [next_generation] = NULL, [next_done] = NULL WHERE [gold_table] = N'hourly';
UPDATE [reports].[sluice_progress] SET [n] = 1 WHERE [gold_table] = N'daily' AND ISNULL([dataset], N'things') = N'things' AND [log] IS NULL AND [generation] = 3 AND [definition] = N'' AND [version] = 0 AND [physical] = N'daily__1' AND ISNULL([n], 0) = 1;
IF @@ROWCOUNT = 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
DELETE FROM [reports].[sluice_next] WHERE [gold_table] = N'daily' AND [dataset] = N'things' AND [physical] = N'daily__2' AND [log] = N'log' AND [generation] = 3 AND [definition] = N'c00db0504b57d26a0986caabdf027ad2' AND [base_version] = 1 AND ISNULL([files_done], 0) = 0 AND [version] = 1 AND ISNULL([stamp], 0) = 0 AND ISNULL([is_asked], 0) = 0;
IF @@ROWCOUNT = 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
INSERT INTO [reports].[sluice_old] ([dataset], [physical], [since])
SELECT N'things', N'daily__2', CAST(N'1970-01-01T00:00:00.000000' AS datetime2(6))
WHERE NOT EXISTS (SELECT 1 FROM [reports].[sluice_old] WHERE [dataset] = N'things' AND [physical] = N'daily__2');
UPDATE [reports].[sluice_freshness] SET [next_generation] = NULL, [next_done] = NULL WHERE [gold_table] = N'daily';
UPDATE [reports].[sluice_progress] SET [n] = 1 WHERE [gold_table] = N'monthly' AND ISNULL([dataset], N'things') = N'things' AND [log] IS NULL AND [generation] = 3 AND [definition] = N'' AND [version] = 0 AND [physical] = N'monthly__1' AND ISNULL([n], 0) = 1;
IF @@ROWCOUNT = 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
DELETE FROM [reports].[sluice_next] WHERE [gold_table] = N'monthly' AND [dataset] = N'things' AND [physical] = N'monthly__2' AND [log] = N'log' AND [generation] = 3 AND [definition] = N'b148a3f4a7310ab0148c4df904e1f476' AND [base_version] = 1 AND ISNULL([files_done], 0) = 0 AND [version] = 1 AND ISNULL([stamp], 0) = 0 AND ISNULL([is_asked], 0) = 0;
IF @@ROWCOUNT = 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
INSERT INTO [reports].[sluice_old] ([dataset], [physical], [since])
SELECT N'things', N'monthly__2', CAST(N'1970-01-01T00:00:00.000000' AS datetime2(6))
WHERE NOT EXISTS (SELECT 1 FROM [reports].[sluice_old] WHERE [dataset] = N'things' AND [physical] = N'monthly__2');
UPDATE [reports].[sluice_freshness] SET [next_generation] = NULL, [next_done] = NULL WHERE [gold_table] = N'monthly';
UPDATE [reports].[sluice_progress] SET [n] = 1 WHERE [gold_table] = N'ever' AND ISNULL([dataset], N'things') = N'things' AND [log] IS NULL AND [generation] = 3 AND [definition] = N'' AND [version] = 0 AND [physical] = N'ever__1' AND ISNULL([n], 0) = 1;
IF @@ROWCOUNT = 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
DELETE FROM [reports].[sluice_next] WHERE [gold_table] = N'ever' AND [dataset] = N'things' AND [physical] = N'ever__2' AND [log] = N'log' AND [generation] = 3 AND [definition] = N'de91091b06fe01f3794e871de6e4a707' AND [base_version] = 1 AND ISNULL([files_done], 0) = 0 AND [version] = 1 AND ISNULL([stamp], 0) = 0 AND ISNULL([is_asked], 0) = 0;
IF @@ROWCOUNT = 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
INSERT INTO [reports].[sluice_old] ([dataset], [physical], [since])
SELECT N'things', N'ever__2', CAST(N'1970-01-01T00:00:00.000000' AS datetime2(6))
WHERE NOT EXISTS (SELECT 1 FROM [reports].[sluice_old] WHERE [dataset] = N'things' AND [physical] = N'ever__2');
UPDATE [reports].[sluice_freshness] SET [next_generation] = NULL, [next_done] = NULL WHERE [gold_table] = N'ever';
UPDATE [reports].[sluice_progress] SET [n] = 1 WHERE [gold_table] = N'windows' AND ISNULL([dataset], N'things') = N'things' AND [log] IS NULL AND [generation] = 3 AND [definition] = N'' AND [version] = 0 AND [physical] = N'windows__1' AND ISNULL([n], 0) = 1;
IF @@ROWCOUNT = 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
DELETE FROM [reports].[sluice_next] WHERE [gold_table] = N'windows' AND [dataset] = N'things' AND [physical] = N'windows__2' AND [log] = N'log' AND [generation] = 3 AND [definition] = N'48356355f4dc96f282fd15110e76da08' AND [base_version] = 1 AND ISNULL([files_done], 0) = 0 AND [version] = 1 AND ISNULL([stamp], 0) = 0 AND ISNULL([is_asked], 0) = 0;
IF @@ROWCOUNT = 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
INSERT INTO [reports].[sluice_old] ([dataset], [physical], [since])
SELECT N'things', N'windows__2', CAST(N'1970-01-01T00:00:00.000000' AS datetime2(6))
WHERE NOT EXISTS (SELECT 1 FROM [reports].[sluice_old] WHERE [dataset] = N'things' AND [physical] = N'windows__2');
UPDATE [reports].[sluice_freshness] SET [next_generation] = NULL, [next_done] = NULL WHERE [gold_table] = N'windows';
UPDATE [reports].[sluice_progress] SET [n] = 1 WHERE [gold_table] = N'weekly' AND ISNULL([dataset], N'things') = N'things' AND [log] IS NULL AND [generation] = 3 AND [definition] = N'' AND [version] = 0 AND [physical] = N'weekly__1' AND ISNULL([n], 0) = 1;
IF @@ROWCOUNT = 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
DELETE FROM [reports].[sluice_next] WHERE [gold_table] = N'weekly' AND [dataset] = N'things' AND [physical] = N'weekly__2' AND [log] = N'log' AND [generation] = 3 AND [definition] = N'0816b48101f96bfbf5421f89b864012c' AND [base_version] = 1 AND ISNULL([files_done], 0) = 0 AND [version] = 1 AND ISNULL([stamp], 0) = 0 AND ISNULL([is_asked], 0) = 0;
IF @@ROWCOUNT = 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
INSERT INTO [reports].[sluice_old] ([dataset], [physical], [since])
SELECT N'things', N'weekly__2', CAST(N'1970-01-01T00:00:00.000000' AS datetime2(6))
WHERE NOT EXISTS (SELECT 1 FROM [reports].[sluice_old] WHERE [dataset] = N'things' AND [physical] = N'weekly__2');
UPDATE [reports].[sluice_freshness] SET [next_generation] = NULL, [next_done] = NULL WHERE [gold_table] = N'weekly';
UPDATE [reports].[sluice_progress] SET [n] = 1 WHERE [gold_table] = N'filtered' AND ISNULL([dataset], N'things') = N'things' AND [log] IS NULL AND [generation] = 3 AND [definition] = N'' AND [version] = 0 AND [physical] = N'filtered__1' AND ISNULL([n], 0) = 1;
IF @@ROWCOUNT = 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
DELETE FROM [reports].[sluice_next] WHERE [gold_table] = N'filtered' AND [dataset] = N'things' AND [physical] = N'filtered__2' AND [log] = N'log' AND [generation] = 3 AND [definition] = N'd8415d2f896d377b0bc0ecd3fca7f659' AND [base_version] = 1 AND ISNULL([files_done], 0) = 0 AND [version] = 1 AND ISNULL([stamp], 0) = 0 AND ISNULL([is_asked], 0) = 0;
IF @@ROWCOUNT = 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
INSERT INTO [reports].[sluice_old] ([dataset], [physical], [since])
SELECT N'things', N'filtered__2', CAST(N'1970-01-01T00:00:00.000000' AS datetime2(6))
WHERE NOT EXISTS (SELECT 1 FROM [reports].[sluice_old] WHERE [dataset] = N'things' AND [physical] = N'filtered__2');
UPDATE [reports].[sluice_freshness] SET [next_generation] = NULL, [next_done] = NULL WHERE [gold_table] = N'filtered';
UPDATE [reports].[sluice_progress] SET [n] = 1 WHERE [gold_table] = N'kinds' AND ISNULL([dataset], N'things') = N'things' AND [log] IS NULL AND [generation] = 3 AND [definition] = N'' AND [version] = 0 AND [physical] = N'kinds__1' AND ISNULL([n], 0) = 1;
IF @@ROWCOUNT = 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
DELETE FROM [reports].[sluice_next] WHERE [gold_table] = N'kinds' AND [dataset] = N'things' AND [physical] = N'kinds__2' AND [log] = N'log' AND [generation] = 3 AND [definition] = N'f38246cb1eaaeb1e92ecc35853715761' AND [base_version] = 1 AND ISNULL([files_done], 0) = 0 AND [version] = 1 AND ISNULL([stamp], 0) = 0 AND ISNULL([is_asked], 0) = 0;
IF @@ROWCOUNT = 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
INSERT INTO [reports].[sluice_old] ([dataset], [physical], [since])
SELECT N'things', N'kinds__2', CAST(N'1970-01-01T00:00:00.000000' AS datetime2(6))
WHERE NOT EXISTS (SELECT 1 FROM [reports].[sluice_old] WHERE [dataset] = N'things' AND [physical] = N'kinds__2');
UPDATE [reports].[sluice_freshness] SET [next_generation] = NULL, [next_done] = NULL WHERE [gold_table] = N'kinds';
UPDATE [reports].[sluice_progress] SET [n] = 1 WHERE [gold_table] = N'local_days' AND ISNULL([dataset], N'things') = N'things' AND [log] IS NULL AND [generation] = 3 AND [definition] = N'' AND [version] = 0 AND [physical] = N'local_days__1' AND ISNULL([n], 0) = 1;
IF @@ROWCOUNT = 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
DELETE FROM [reports].[sluice_next] WHERE [gold_table] = N'local_days' AND [dataset] = N'things' AND [physical] = N'local_days__2' AND [log] = N'log' AND [generation] = 3 AND [definition] = N'bf5cf24a370c4bf18a2150da54d092c1' AND [base_version] = 1 AND ISNULL([files_done], 0) = 0 AND [version] = 1 AND ISNULL([stamp], 0) = 0 AND ISNULL([is_asked], 0) = 0;
IF @@ROWCOUNT = 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
INSERT INTO [reports].[sluice_old] ([dataset], [physical], [since])
SELECT N'things', N'local_days__2', CAST(N'1970-01-01T00:00:00.000000' AS datetime2(6))
WHERE NOT EXISTS (SELECT 1 FROM [reports].[sluice_old] WHERE [dataset] = N'things' AND [physical] = N'local_days__2');
UPDATE [reports].[sluice_freshness] SET [next_generation] = NULL, [next_done] = NULL WHERE [gold_table] = N'local_days';
UPDATE [reports].[sluice_progress] SET [n] = 1 WHERE [gold_table] = N'overlapping' AND ISNULL([dataset], N'things') = N'things' AND [log] IS NULL AND [generation] = 3 AND [definition] = N'' AND [version] = 0 AND [physical] = N'overlapping__1' AND ISNULL([n], 0) = 1;
IF @@ROWCOUNT = 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
DELETE FROM [reports].[sluice_next] WHERE [gold_table] = N'overlapping' AND [dataset] = N'things' AND [physical] = N'overlapping__2' AND [log] = N'log' AND [generation] = 3 AND [definition] = N'b66946768988627c6ccb6fb2efcf8417' AND [base_version] = 1 AND ISNULL([files_done], 0) = 0 AND [version] = 1 AND ISNULL([stamp], 0) = 0 AND ISNULL([is_asked], 0) = 0;
IF @@ROWCOUNT = 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
INSERT INTO [reports].[sluice_old] ([dataset], [physical], [since])
SELECT N'things', N'overlapping__2', CAST(N'1970-01-01T00:00:00.000000' AS datetime2(6))
WHERE NOT EXISTS (SELECT 1 FROM [reports].[sluice_old] WHERE [dataset] = N'things' AND [physical] = N'overlapping__2');
UPDATE [reports].[sluice_freshness] SET [next_generation] = NULL, [next_done] = NULL WHERE [gold_table] = N'overlapping';
SELECT 0 AS [outcome]

-- fill beside all tables
SET LOCK_TIMEOUT 2000;
BEGIN TRANSACTION;
DECLARE @granted int;
EXEC @granted = sp_getapplock @Resource = N'sluice/reports/things/hourly', @LockMode = N'Exclusive', @LockOwner = N'Transaction', @LockTimeout = 2000;
IF @granted < 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 3 AS [outcome];
    RETURN;
END;
EXEC @granted = sp_getapplock @Resource = N'sluice/reports/things/daily', @LockMode = N'Exclusive', @LockOwner = N'Transaction', @LockTimeout = 2000;
IF @granted < 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 3 AS [outcome];
    RETURN;
END;
EXEC @granted = sp_getapplock @Resource = N'sluice/reports/things/monthly', @LockMode = N'Exclusive', @LockOwner = N'Transaction', @LockTimeout = 2000;
IF @granted < 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 3 AS [outcome];
    RETURN;
END;
EXEC @granted = sp_getapplock @Resource = N'sluice/reports/things/ever', @LockMode = N'Exclusive', @LockOwner = N'Transaction', @LockTimeout = 2000;
IF @granted < 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 3 AS [outcome];
    RETURN;
END;
EXEC @granted = sp_getapplock @Resource = N'sluice/reports/things/windows', @LockMode = N'Exclusive', @LockOwner = N'Transaction', @LockTimeout = 2000;
IF @granted < 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 3 AS [outcome];
    RETURN;
END;
EXEC @granted = sp_getapplock @Resource = N'sluice/reports/things/weekly', @LockMode = N'Exclusive', @LockOwner = N'Transaction', @LockTimeout = 2000;
IF @granted < 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 3 AS [outcome];
    RETURN;
END;
EXEC @granted = sp_getapplock @Resource = N'sluice/reports/things/filtered', @LockMode = N'Exclusive', @LockOwner = N'Transaction', @LockTimeout = 2000;
IF @granted < 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 3 AS [outcome];
    RETURN;
END;
EXEC @granted = sp_getapplock @Resource = N'sluice/reports/things/kinds', @LockMode = N'Exclusive', @LockOwner = N'Transaction', @LockTimeout = 2000;
IF @granted < 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 3 AS [outcome];
    RETURN;
END;
EXEC @granted = sp_getapplock @Resource = N'sluice/reports/things/local_days', @LockMode = N'Exclusive', @LockOwner = N'Transaction', @LockTimeout = 2000;
IF @granted < 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 3 AS [outcome];
    RETURN;
END;
EXEC @granted = sp_getapplock @Resource = N'sluice/reports/things/overlapping', @LockMode = N'Exclusive', @LockOwner = N'Transaction', @LockTimeout = 2000;
IF @granted < 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 3 AS [outcome];
    RETURN;
END;
IF EXISTS (SELECT 1 FROM [reports].[sluice_builds] WHERE [dataset] = N'things'
    AND ([stamp] > 0 OR ([stamp] = 0 AND [hash] > N'')))
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 2 AS [outcome];
    RETURN;
END;
UPDATE [reports].[sluice_next] SET [stamp] = [stamp] WHERE [gold_table] = N'hourly' AND [dataset] = N'things' AND [physical] = N'hourly__2' AND [log] = N'log' AND [generation] = 3 AND [definition] = N'7d83e14e1a4737bcc650fbc2417ba380' AND [base_version] = 1 AND ISNULL([files_done], 0) = 0 AND [version] = 1 AND ISNULL([stamp], 0) = 0 AND ISNULL([is_asked], 0) = 0;
IF @@ROWCOUNT = 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
UPDATE [reports].[sluice_next] SET [stamp] = [stamp] WHERE [gold_table] = N'daily' AND [dataset] = N'things' AND [physical] = N'daily__2' AND [log] = N'log' AND [generation] = 3 AND [definition] = N'c00db0504b57d26a0986caabdf027ad2' AND [base_version] = 1 AND ISNULL([files_done], 0) = 0 AND [version] = 1 AND ISNULL([stamp], 0) = 0 AND ISNULL([is_asked], 0) = 0;
IF @@ROWCOUNT = 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
UPDATE [reports].[sluice_next] SET [stamp] = [stamp] WHERE [gold_table] = N'monthly' AND [dataset] = N'things' AND [physical] = N'monthly__2' AND [log] = N'log' AND [generation] = 3 AND [definition] = N'b148a3f4a7310ab0148c4df904e1f476' AND [base_version] = 1 AND ISNULL([files_done], 0) = 0 AND [version] = 1 AND ISNULL([stamp], 0) = 0 AND ISNULL([is_asked], 0) = 0;
IF @@ROWCOUNT = 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
UPDATE [reports].[sluice_next] SET [stamp] = [stamp] WHERE [gold_table] = N'ever' AND [dataset] = N'things' AND [physical] = N'ever__2' AND [log] = N'log' AND [generation] = 3 AND [definition] = N'de91091b06fe01f3794e871de6e4a707' AND [base_version] = 1 AND ISNULL([files_done], 0) = 0 AND [version] = 1 AND ISNULL([stamp], 0) = 0 AND ISNULL([is_asked], 0) = 0;
IF @@ROWCOUNT = 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
UPDATE [reports].[sluice_next] SET [stamp] = [stamp] WHERE [gold_table] = N'windows' AND [dataset] = N'things' AND [physical] = N'windows__2' AND [log] = N'log' AND [generation] = 3 AND [definition] = N'48356355f4dc96f282fd15110e76da08' AND [base_version] = 1 AND ISNULL([files_done], 0) = 0 AND [version] = 1 AND ISNULL([stamp], 0) = 0 AND ISNULL([is_asked], 0) = 0;
IF @@ROWCOUNT = 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
UPDATE [reports].[sluice_next] SET [stamp] = [stamp] WHERE [gold_table] = N'weekly' AND [dataset] = N'things' AND [physical] = N'weekly__2' AND [log] = N'log' AND [generation] = 3 AND [definition] = N'0816b48101f96bfbf5421f89b864012c' AND [base_version] = 1 AND ISNULL([files_done], 0) = 0 AND [version] = 1 AND ISNULL([stamp], 0) = 0 AND ISNULL([is_asked], 0) = 0;
IF @@ROWCOUNT = 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
UPDATE [reports].[sluice_next] SET [stamp] = [stamp] WHERE [gold_table] = N'filtered' AND [dataset] = N'things' AND [physical] = N'filtered__2' AND [log] = N'log' AND [generation] = 3 AND [definition] = N'd8415d2f896d377b0bc0ecd3fca7f659' AND [base_version] = 1 AND ISNULL([files_done], 0) = 0 AND [version] = 1 AND ISNULL([stamp], 0) = 0 AND ISNULL([is_asked], 0) = 0;
IF @@ROWCOUNT = 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
UPDATE [reports].[sluice_next] SET [stamp] = [stamp] WHERE [gold_table] = N'kinds' AND [dataset] = N'things' AND [physical] = N'kinds__2' AND [log] = N'log' AND [generation] = 3 AND [definition] = N'f38246cb1eaaeb1e92ecc35853715761' AND [base_version] = 1 AND ISNULL([files_done], 0) = 0 AND [version] = 1 AND ISNULL([stamp], 0) = 0 AND ISNULL([is_asked], 0) = 0;
IF @@ROWCOUNT = 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
UPDATE [reports].[sluice_next] SET [stamp] = [stamp] WHERE [gold_table] = N'local_days' AND [dataset] = N'things' AND [physical] = N'local_days__2' AND [log] = N'log' AND [generation] = 3 AND [definition] = N'bf5cf24a370c4bf18a2150da54d092c1' AND [base_version] = 1 AND ISNULL([files_done], 0) = 0 AND [version] = 1 AND ISNULL([stamp], 0) = 0 AND ISNULL([is_asked], 0) = 0;
IF @@ROWCOUNT = 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
UPDATE [reports].[sluice_next] SET [stamp] = [stamp] WHERE [gold_table] = N'overlapping' AND [dataset] = N'things' AND [physical] = N'overlapping__2' AND [log] = N'log' AND [generation] = 3 AND [definition] = N'b66946768988627c6ccb6fb2efcf8417' AND [base_version] = 1 AND ISNULL([files_done], 0) = 0 AND [version] = 1 AND ISNULL([stamp], 0) = 0 AND ISNULL([is_asked], 0) = 0;
IF @@ROWCOUNT = 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
SET LOCK_TIMEOUT 30000;
SELECT 0 AS [outcome]

-- note beside all tables
UPDATE [reports].[sluice_next] SET [physical] = N'hourly__2', [log] = N'log', [generation] = 3, [definition] = N'7d83e14e1a4737bcc650fbc2417ba380', [base_version] = 1, [files_done] = 0, [version] = 1, [stamp] = 0, [is_asked] = 0, [since] = CAST(N'1970-01-01T00:00:00.000000' AS datetime2(6)), [state] = NULL, [reason] = NULL, [noted_stamp] = NULL, [noted_at] = NULL, [rows_taken] = 1, [rows_taken_at] = 1 WHERE [gold_table] = N'hourly';
UPDATE [reports].[sluice_next] SET [physical] = N'daily__2', [log] = N'log', [generation] = 3, [definition] = N'c00db0504b57d26a0986caabdf027ad2', [base_version] = 1, [files_done] = 0, [version] = 1, [stamp] = 0, [is_asked] = 0, [since] = CAST(N'1970-01-01T00:00:00.000000' AS datetime2(6)), [state] = NULL, [reason] = NULL, [noted_stamp] = NULL, [noted_at] = NULL, [rows_taken] = 1, [rows_taken_at] = 1 WHERE [gold_table] = N'daily';
UPDATE [reports].[sluice_next] SET [physical] = N'monthly__2', [log] = N'log', [generation] = 3, [definition] = N'b148a3f4a7310ab0148c4df904e1f476', [base_version] = 1, [files_done] = 0, [version] = 1, [stamp] = 0, [is_asked] = 0, [since] = CAST(N'1970-01-01T00:00:00.000000' AS datetime2(6)), [state] = NULL, [reason] = NULL, [noted_stamp] = NULL, [noted_at] = NULL, [rows_taken] = 1, [rows_taken_at] = 1 WHERE [gold_table] = N'monthly';
UPDATE [reports].[sluice_next] SET [physical] = N'ever__2', [log] = N'log', [generation] = 3, [definition] = N'de91091b06fe01f3794e871de6e4a707', [base_version] = 1, [files_done] = 0, [version] = 1, [stamp] = 0, [is_asked] = 0, [since] = CAST(N'1970-01-01T00:00:00.000000' AS datetime2(6)), [state] = NULL, [reason] = NULL, [noted_stamp] = NULL, [noted_at] = NULL, [rows_taken] = 1, [rows_taken_at] = 1 WHERE [gold_table] = N'ever';
UPDATE [reports].[sluice_next] SET [physical] = N'windows__2', [log] = N'log', [generation] = 3, [definition] = N'48356355f4dc96f282fd15110e76da08', [base_version] = 1, [files_done] = 0, [version] = 1, [stamp] = 0, [is_asked] = 0, [since] = CAST(N'1970-01-01T00:00:00.000000' AS datetime2(6)), [state] = NULL, [reason] = NULL, [noted_stamp] = NULL, [noted_at] = NULL, [rows_taken] = 1, [rows_taken_at] = 1 WHERE [gold_table] = N'windows';
UPDATE [reports].[sluice_next] SET [physical] = N'weekly__2', [log] = N'log', [generation] = 3, [definition] = N'0816b48101f96bfbf5421f89b864012c', [base_version] = 1, [files_done] = 0, [version] = 1, [stamp] = 0, [is_asked] = 0, [since] = CAST(N'1970-01-01T00:00:00.000000' AS datetime2(6)), [state] = NULL, [reason] = NULL, [noted_stamp] = NULL, [noted_at] = NULL, [rows_taken] = 1, [rows_taken_at] = 1 WHERE [gold_table] = N'weekly';
UPDATE [reports].[sluice_next] SET [physical] = N'filtered__2', [log] = N'log', [generation] = 3, [definition] = N'd8415d2f896d377b0bc0ecd3fca7f659', [base_version] = 1, [files_done] = 0, [version] = 1, [stamp] = 0, [is_asked] = 0, [since] = CAST(N'1970-01-01T00:00:00.000000' AS datetime2(6)), [state] = NULL, [reason] = NULL, [noted_stamp] = NULL, [noted_at] = NULL, [rows_taken] = 1, [rows_taken_at] = 1 WHERE [gold_table] = N'filtered';
UPDATE [reports].[sluice_next] SET [physical] = N'kinds__2', [log] = N'log', [generation] = 3, [definition] = N'f38246cb1eaaeb1e92ecc35853715761', [base_version] = 1, [files_done] = 0, [version] = 1, [stamp] = 0, [is_asked] = 0, [since] = CAST(N'1970-01-01T00:00:00.000000' AS datetime2(6)), [state] = NULL, [reason] = NULL, [noted_stamp] = NULL, [noted_at] = NULL, [rows_taken] = 1, [rows_taken_at] = 1 WHERE [gold_table] = N'kinds';
UPDATE [reports].[sluice_next] SET [physical] = N'local_days__2', [log] = N'log', [generation] = 3, [definition] = N'bf5cf24a370c4bf18a2150da54d092c1', [base_version] = 1, [files_done] = 0, [version] = 1, [stamp] = 0, [is_asked] = 0, [since] = CAST(N'1970-01-01T00:00:00.000000' AS datetime2(6)), [state] = NULL, [reason] = NULL, [noted_stamp] = NULL, [noted_at] = NULL, [rows_taken] = 1, [rows_taken_at] = 1 WHERE [gold_table] = N'local_days';
UPDATE [reports].[sluice_next] SET [physical] = N'overlapping__2', [log] = N'log', [generation] = 3, [definition] = N'b66946768988627c6ccb6fb2efcf8417', [base_version] = 1, [files_done] = 0, [version] = 1, [stamp] = 0, [is_asked] = 0, [since] = CAST(N'1970-01-01T00:00:00.000000' AS datetime2(6)), [state] = NULL, [reason] = NULL, [noted_stamp] = NULL, [noted_at] = NULL, [rows_taken] = 1, [rows_taken_at] = 1 WHERE [gold_table] = N'overlapping';
UPDATE [reports].[sluice_freshness] SET [next_generation] = 3, [next_done] = 100 WHERE [gold_table] = N'hourly';
UPDATE [reports].[sluice_freshness] SET [next_generation] = 3, [next_done] = 100 WHERE [gold_table] = N'daily';
UPDATE [reports].[sluice_freshness] SET [next_generation] = 3, [next_done] = 100 WHERE [gold_table] = N'monthly';
UPDATE [reports].[sluice_freshness] SET [next_generation] = 3, [next_done] = 100 WHERE [gold_table] = N'ever';
UPDATE [reports].[sluice_freshness] SET [next_generation] = 3, [next_done] = 100 WHERE [gold_table] = N'windows';
UPDATE [reports].[sluice_freshness] SET [next_generation] = 3, [next_done] = 100 WHERE [gold_table] = N'weekly';
UPDATE [reports].[sluice_freshness] SET [next_generation] = 3, [next_done] = 100 WHERE [gold_table] = N'filtered';
UPDATE [reports].[sluice_freshness] SET [next_generation] = 3, [next_done] = 100 WHERE [gold_table] = N'kinds';
UPDATE [reports].[sluice_freshness] SET [next_generation] = 3, [next_done] = 100 WHERE [gold_table] = N'local_days';
UPDATE [reports].[sluice_freshness] SET [next_generation] = 3, [next_done] = 100 WHERE [gold_table] = N'overlapping';


-- swap all tables
SET LOCK_TIMEOUT 2000;
BEGIN TRANSACTION;
DECLARE @granted int;
EXEC @granted = sp_getapplock @Resource = N'sluice/reports/things', @LockMode = N'Exclusive', @LockOwner = N'Transaction', @LockTimeout = 2000;
IF @granted < 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 3 AS [outcome];
    RETURN;
END;
IF EXISTS (SELECT 1 FROM [reports].[sluice_builds] WHERE [dataset] = N'things'
    AND ([stamp] > 0 OR ([stamp] = 0 AND [hash] > N'')))
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 2 AS [outcome];
    RETURN;
END;
UPDATE [reports].[sluice_progress] SET [dataset] = N'things', [log] = N'log', [generation] = 3, [definition] = N'7d83e14e1a4737bcc650fbc2417ba380', [version] = 1, [physical] = N'hourly__2', [text] = N'1 Hour|"n" = rows None Int64|"total" = sum Some("amount") Decimal { precision: 38, scale: 2 }|"mean_sum" = sum Some("amount") Decimal { precision: 38, scale: 2 }|"mean_count" = values Some("amount") Int64|"low" = min Some("level") Double|"high" = max Some("level") Double|"first" = min Some("born") Date|"last" = max Some("seen") Timestamp|"ids" = sum Some("id") Decimal { precision: 38, scale: 0 }|"mean_id_sum" = sum Some("id") Decimal { precision: 38, scale: 0 }|"mean_id_count" = values Some("id") Int64', [rankings] = N'best_hours', [kept_from] = NULL
WHERE [gold_table] = N'hourly' AND ISNULL([dataset], N'things') = N'things' AND [log] IS NULL AND [generation] = 3 AND [definition] = N'' AND [version] = 0 AND [physical] = N'hourly__1' AND ISNULL([n], 0) = 1;
IF @@ROWCOUNT = 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
DELETE FROM [reports].[sluice_next] WHERE [gold_table] = N'hourly' AND [dataset] = N'things' AND [physical] = N'hourly__2' AND [log] = N'log' AND [generation] = 3 AND [definition] = N'7d83e14e1a4737bcc650fbc2417ba380' AND [base_version] = 1 AND ISNULL([files_done], 0) = 0 AND [version] = 1 AND ISNULL([stamp], 0) = 0 AND ISNULL([is_asked], 0) = 0;
IF @@ROWCOUNT = 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
IF NOT EXISTS (SELECT 1 FROM [reports].[sluice_freshness] WHERE [gold_table] = N'hourly')
    INSERT INTO [reports].[sluice_freshness] ([gold_table]) VALUES (N'hourly');
UPDATE [reports].[sluice_freshness] SET [dataset] = N'things', [watermark] = CAST(N'1970-01-01T00:00:00.000000' AS datetime2(6)), [settled_until] = CAST(N'1969-12-31T22:00:00.000000' AS datetime2(0)), [version] = 1, [last_run] = CAST(N'1970-01-01T00:00:00.000000' AS datetime2(6)), [state] = N'live', [reason] = NULL, [blocked_version] = NULL, [blocked_definition] = NULL, [blocked_stamp] = NULL, [blocked_at] = NULL, [generation] = 3, [next_generation] = NULL, [next_done] = NULL, [pending_objects] = NULL, [oldest_pending] = NULL, [events] = 0, [records] = 0, [rows] = 0, [duplicates] = 0, [filtered] = 0, [quarantined] = 0, [redriven] = 0, [rows_taken] = 1, [counted_version] = 1
WHERE [gold_table] = N'hourly';
INSERT INTO [reports].[sluice_old] ([dataset], [physical], [since])
SELECT N'things', N'hourly__1', CAST(N'1970-01-01T00:00:00.000000' AS datetime2(6))
WHERE NOT EXISTS (SELECT 1 FROM [reports].[sluice_old] WHERE [dataset] = N'things' AND [physical] = N'hourly__1');
UPDATE [reports].[sluice_progress] SET [dataset] = N'things', [log] = N'log', [generation] = 3, [definition] = N'c00db0504b57d26a0986caabdf027ad2', [version] = 1, [physical] = N'daily__2', [text] = N'1 Day|by "kind" Text|by "flag" Bool|"n" = rows None Int64|"total" = sum Some("amount") Decimal { precision: 38, scale: 2 }|"largest" = max Some("amount") Decimal { precision: 18, scale: 2 }', [rankings] = N'best_kinds', [kept_from] = NULL
WHERE [gold_table] = N'daily' AND ISNULL([dataset], N'things') = N'things' AND [log] IS NULL AND [generation] = 3 AND [definition] = N'' AND [version] = 0 AND [physical] = N'daily__1' AND ISNULL([n], 0) = 1;
IF @@ROWCOUNT = 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
DELETE FROM [reports].[sluice_next] WHERE [gold_table] = N'daily' AND [dataset] = N'things' AND [physical] = N'daily__2' AND [log] = N'log' AND [generation] = 3 AND [definition] = N'c00db0504b57d26a0986caabdf027ad2' AND [base_version] = 1 AND ISNULL([files_done], 0) = 0 AND [version] = 1 AND ISNULL([stamp], 0) = 0 AND ISNULL([is_asked], 0) = 0;
IF @@ROWCOUNT = 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
IF NOT EXISTS (SELECT 1 FROM [reports].[sluice_freshness] WHERE [gold_table] = N'daily')
    INSERT INTO [reports].[sluice_freshness] ([gold_table]) VALUES (N'daily');
UPDATE [reports].[sluice_freshness] SET [dataset] = N'things', [watermark] = CAST(N'1970-01-01T00:00:00.000000' AS datetime2(6)), [settled_until] = CAST(N'1969-12-31T00:00:00.000000' AS datetime2(0)), [version] = 1, [last_run] = CAST(N'1970-01-01T00:00:00.000000' AS datetime2(6)), [state] = N'live', [reason] = NULL, [blocked_version] = NULL, [blocked_definition] = NULL, [blocked_stamp] = NULL, [blocked_at] = NULL, [generation] = 3, [next_generation] = NULL, [next_done] = NULL, [pending_objects] = NULL, [oldest_pending] = NULL, [events] = 0, [records] = 0, [rows] = 0, [duplicates] = 0, [filtered] = 0, [quarantined] = 0, [redriven] = 0, [rows_taken] = 1, [counted_version] = 1
WHERE [gold_table] = N'daily';
INSERT INTO [reports].[sluice_old] ([dataset], [physical], [since])
SELECT N'things', N'daily__1', CAST(N'1970-01-01T00:00:00.000000' AS datetime2(6))
WHERE NOT EXISTS (SELECT 1 FROM [reports].[sluice_old] WHERE [dataset] = N'things' AND [physical] = N'daily__1');
UPDATE [reports].[sluice_progress] SET [dataset] = N'things', [log] = N'log', [generation] = 3, [definition] = N'b148a3f4a7310ab0148c4df904e1f476', [version] = 1, [physical] = N'monthly__2', [text] = N'1 Month|by "amount" Decimal { precision: 18, scale: 2 }|by "born" Date|by "seen" Timestamp|by "id" Int64|"n" = rows None Int64|"smallest" = min Some("amount") Decimal { precision: 18, scale: 2 }|"lowest_id" = min Some("id") Int64', [rankings] = NULL, [kept_from] = NULL
WHERE [gold_table] = N'monthly' AND ISNULL([dataset], N'things') = N'things' AND [log] IS NULL AND [generation] = 3 AND [definition] = N'' AND [version] = 0 AND [physical] = N'monthly__1' AND ISNULL([n], 0) = 1;
IF @@ROWCOUNT = 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
DELETE FROM [reports].[sluice_next] WHERE [gold_table] = N'monthly' AND [dataset] = N'things' AND [physical] = N'monthly__2' AND [log] = N'log' AND [generation] = 3 AND [definition] = N'b148a3f4a7310ab0148c4df904e1f476' AND [base_version] = 1 AND ISNULL([files_done], 0) = 0 AND [version] = 1 AND ISNULL([stamp], 0) = 0 AND ISNULL([is_asked], 0) = 0;
IF @@ROWCOUNT = 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
IF NOT EXISTS (SELECT 1 FROM [reports].[sluice_freshness] WHERE [gold_table] = N'monthly')
    INSERT INTO [reports].[sluice_freshness] ([gold_table]) VALUES (N'monthly');
UPDATE [reports].[sluice_freshness] SET [dataset] = N'things', [watermark] = CAST(N'1970-01-01T00:00:00.000000' AS datetime2(6)), [settled_until] = CAST(N'1969-12-01T00:00:00.000000' AS datetime2(0)), [version] = 1, [last_run] = CAST(N'1970-01-01T00:00:00.000000' AS datetime2(6)), [state] = N'live', [reason] = NULL, [blocked_version] = NULL, [blocked_definition] = NULL, [blocked_stamp] = NULL, [blocked_at] = NULL, [generation] = 3, [next_generation] = NULL, [next_done] = NULL, [pending_objects] = NULL, [oldest_pending] = NULL, [events] = 0, [records] = 0, [rows] = 0, [duplicates] = 0, [filtered] = 0, [quarantined] = 0, [redriven] = 0, [rows_taken] = 1, [counted_version] = 1
WHERE [gold_table] = N'monthly';
INSERT INTO [reports].[sluice_old] ([dataset], [physical], [since])
SELECT N'things', N'monthly__1', CAST(N'1970-01-01T00:00:00.000000' AS datetime2(6))
WHERE NOT EXISTS (SELECT 1 FROM [reports].[sluice_old] WHERE [dataset] = N'things' AND [physical] = N'monthly__1');
UPDATE [reports].[sluice_progress] SET [dataset] = N'things', [log] = N'log', [generation] = 3, [definition] = N'de91091b06fe01f3794e871de6e4a707', [version] = 1, [physical] = N'ever__2', [text] = N'1 All|"n" = rows None Int64|"total" = sum Some("amount") Decimal { precision: 38, scale: 2 }', [rankings] = NULL, [kept_from] = NULL
WHERE [gold_table] = N'ever' AND ISNULL([dataset], N'things') = N'things' AND [log] IS NULL AND [generation] = 3 AND [definition] = N'' AND [version] = 0 AND [physical] = N'ever__1' AND ISNULL([n], 0) = 1;
IF @@ROWCOUNT = 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
DELETE FROM [reports].[sluice_next] WHERE [gold_table] = N'ever' AND [dataset] = N'things' AND [physical] = N'ever__2' AND [log] = N'log' AND [generation] = 3 AND [definition] = N'de91091b06fe01f3794e871de6e4a707' AND [base_version] = 1 AND ISNULL([files_done], 0) = 0 AND [version] = 1 AND ISNULL([stamp], 0) = 0 AND ISNULL([is_asked], 0) = 0;
IF @@ROWCOUNT = 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
IF NOT EXISTS (SELECT 1 FROM [reports].[sluice_freshness] WHERE [gold_table] = N'ever')
    INSERT INTO [reports].[sluice_freshness] ([gold_table]) VALUES (N'ever');
UPDATE [reports].[sluice_freshness] SET [dataset] = N'things', [watermark] = CAST(N'1970-01-01T00:00:00.000000' AS datetime2(6)), [settled_until] = NULL, [version] = 1, [last_run] = CAST(N'1970-01-01T00:00:00.000000' AS datetime2(6)), [state] = N'live', [reason] = NULL, [blocked_version] = NULL, [blocked_definition] = NULL, [blocked_stamp] = NULL, [blocked_at] = NULL, [generation] = 3, [next_generation] = NULL, [next_done] = NULL, [pending_objects] = NULL, [oldest_pending] = NULL, [events] = 0, [records] = 0, [rows] = 0, [duplicates] = 0, [filtered] = 0, [quarantined] = 0, [redriven] = 0, [rows_taken] = 1, [counted_version] = 1
WHERE [gold_table] = N'ever';
INSERT INTO [reports].[sluice_old] ([dataset], [physical], [since])
SELECT N'things', N'ever__1', CAST(N'1970-01-01T00:00:00.000000' AS datetime2(6))
WHERE NOT EXISTS (SELECT 1 FROM [reports].[sluice_old] WHERE [dataset] = N'things' AND [physical] = N'ever__1');
UPDATE [reports].[sluice_progress] SET [dataset] = N'things', [log] = N'log', [generation] = 3, [definition] = N'48356355f4dc96f282fd15110e76da08', [version] = 1, [physical] = N'windows__2', [text] = N'1 FiveMinutes|by "kind" Text|"n" = rows None Int64|"mean_sum" = sum Some("amount") Decimal { precision: 38, scale: 2 }|"mean_count" = values Some("amount") Int64', [rankings] = NULL, [kept_from] = NULL
WHERE [gold_table] = N'windows' AND ISNULL([dataset], N'things') = N'things' AND [log] IS NULL AND [generation] = 3 AND [definition] = N'' AND [version] = 0 AND [physical] = N'windows__1' AND ISNULL([n], 0) = 1;
IF @@ROWCOUNT = 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
DELETE FROM [reports].[sluice_next] WHERE [gold_table] = N'windows' AND [dataset] = N'things' AND [physical] = N'windows__2' AND [log] = N'log' AND [generation] = 3 AND [definition] = N'48356355f4dc96f282fd15110e76da08' AND [base_version] = 1 AND ISNULL([files_done], 0) = 0 AND [version] = 1 AND ISNULL([stamp], 0) = 0 AND ISNULL([is_asked], 0) = 0;
IF @@ROWCOUNT = 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
IF NOT EXISTS (SELECT 1 FROM [reports].[sluice_freshness] WHERE [gold_table] = N'windows')
    INSERT INTO [reports].[sluice_freshness] ([gold_table]) VALUES (N'windows');
UPDATE [reports].[sluice_freshness] SET [dataset] = N'things', [watermark] = CAST(N'1970-01-01T00:00:00.000000' AS datetime2(6)), [settled_until] = CAST(N'1969-12-31T22:30:00.000000' AS datetime2(0)), [version] = 1, [last_run] = CAST(N'1970-01-01T00:00:00.000000' AS datetime2(6)), [state] = N'live', [reason] = NULL, [blocked_version] = NULL, [blocked_definition] = NULL, [blocked_stamp] = NULL, [blocked_at] = NULL, [generation] = 3, [next_generation] = NULL, [next_done] = NULL, [pending_objects] = NULL, [oldest_pending] = NULL, [events] = 0, [records] = 0, [rows] = 0, [duplicates] = 0, [filtered] = 0, [quarantined] = 0, [redriven] = 0, [rows_taken] = 1, [counted_version] = 1
WHERE [gold_table] = N'windows';
INSERT INTO [reports].[sluice_old] ([dataset], [physical], [since])
SELECT N'things', N'windows__1', CAST(N'1970-01-01T00:00:00.000000' AS datetime2(6))
WHERE NOT EXISTS (SELECT 1 FROM [reports].[sluice_old] WHERE [dataset] = N'things' AND [physical] = N'windows__1');
UPDATE [reports].[sluice_progress] SET [dataset] = N'things', [log] = N'log', [generation] = 3, [definition] = N'0816b48101f96bfbf5421f89b864012c', [version] = 1, [physical] = N'weekly__2', [text] = N'1 Week|"n" = rows None Int64', [rankings] = NULL, [kept_from] = NULL
WHERE [gold_table] = N'weekly' AND ISNULL([dataset], N'things') = N'things' AND [log] IS NULL AND [generation] = 3 AND [definition] = N'' AND [version] = 0 AND [physical] = N'weekly__1' AND ISNULL([n], 0) = 1;
IF @@ROWCOUNT = 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
DELETE FROM [reports].[sluice_next] WHERE [gold_table] = N'weekly' AND [dataset] = N'things' AND [physical] = N'weekly__2' AND [log] = N'log' AND [generation] = 3 AND [definition] = N'0816b48101f96bfbf5421f89b864012c' AND [base_version] = 1 AND ISNULL([files_done], 0) = 0 AND [version] = 1 AND ISNULL([stamp], 0) = 0 AND ISNULL([is_asked], 0) = 0;
IF @@ROWCOUNT = 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
IF NOT EXISTS (SELECT 1 FROM [reports].[sluice_freshness] WHERE [gold_table] = N'weekly')
    INSERT INTO [reports].[sluice_freshness] ([gold_table]) VALUES (N'weekly');
UPDATE [reports].[sluice_freshness] SET [dataset] = N'things', [watermark] = CAST(N'1970-01-01T00:00:00.000000' AS datetime2(6)), [settled_until] = CAST(N'1969-12-29T00:00:00.000000' AS datetime2(0)), [version] = 1, [last_run] = CAST(N'1970-01-01T00:00:00.000000' AS datetime2(6)), [state] = N'live', [reason] = NULL, [blocked_version] = NULL, [blocked_definition] = NULL, [blocked_stamp] = NULL, [blocked_at] = NULL, [generation] = 3, [next_generation] = NULL, [next_done] = NULL, [pending_objects] = NULL, [oldest_pending] = NULL, [events] = 0, [records] = 0, [rows] = 0, [duplicates] = 0, [filtered] = 0, [quarantined] = 0, [redriven] = 0, [rows_taken] = 1, [counted_version] = 1
WHERE [gold_table] = N'weekly';
INSERT INTO [reports].[sluice_old] ([dataset], [physical], [since])
SELECT N'things', N'weekly__1', CAST(N'1970-01-01T00:00:00.000000' AS datetime2(6))
WHERE NOT EXISTS (SELECT 1 FROM [reports].[sluice_old] WHERE [dataset] = N'things' AND [physical] = N'weekly__1');
UPDATE [reports].[sluice_progress] SET [dataset] = N'things', [log] = N'log', [generation] = 3, [definition] = N'd8415d2f896d377b0bc0ecd3fca7f659', [version] = 1, [physical] = N'filtered__2', [text] = N'1 Day|where (kind = ''a\pb'') OR (kind IS NULL)|"n" = rows None Int64|"large" = rows None Int64 where (amount >= 1.50) AND flag|"mean_sum" = sum Some("amount") Decimal { precision: 38, scale: 2 } where level < 1e0|"mean_count" = values Some("amount") Int64 where level < 1e0', [rankings] = NULL, [kept_from] = NULL
WHERE [gold_table] = N'filtered' AND ISNULL([dataset], N'things') = N'things' AND [log] IS NULL AND [generation] = 3 AND [definition] = N'' AND [version] = 0 AND [physical] = N'filtered__1' AND ISNULL([n], 0) = 1;
IF @@ROWCOUNT = 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
DELETE FROM [reports].[sluice_next] WHERE [gold_table] = N'filtered' AND [dataset] = N'things' AND [physical] = N'filtered__2' AND [log] = N'log' AND [generation] = 3 AND [definition] = N'd8415d2f896d377b0bc0ecd3fca7f659' AND [base_version] = 1 AND ISNULL([files_done], 0) = 0 AND [version] = 1 AND ISNULL([stamp], 0) = 0 AND ISNULL([is_asked], 0) = 0;
IF @@ROWCOUNT = 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
IF NOT EXISTS (SELECT 1 FROM [reports].[sluice_freshness] WHERE [gold_table] = N'filtered')
    INSERT INTO [reports].[sluice_freshness] ([gold_table]) VALUES (N'filtered');
UPDATE [reports].[sluice_freshness] SET [dataset] = N'things', [watermark] = CAST(N'1970-01-01T00:00:00.000000' AS datetime2(6)), [settled_until] = CAST(N'1969-12-31T00:00:00.000000' AS datetime2(0)), [version] = 1, [last_run] = CAST(N'1970-01-01T00:00:00.000000' AS datetime2(6)), [state] = N'live', [reason] = NULL, [blocked_version] = NULL, [blocked_definition] = NULL, [blocked_stamp] = NULL, [blocked_at] = NULL, [generation] = 3, [next_generation] = NULL, [next_done] = NULL, [pending_objects] = NULL, [oldest_pending] = NULL, [events] = 0, [records] = 0, [rows] = 0, [duplicates] = 0, [filtered] = 0, [quarantined] = 0, [redriven] = 0, [rows_taken] = 1, [counted_version] = 1
WHERE [gold_table] = N'filtered';
INSERT INTO [reports].[sluice_old] ([dataset], [physical], [since])
SELECT N'things', N'filtered__1', CAST(N'1970-01-01T00:00:00.000000' AS datetime2(6))
WHERE NOT EXISTS (SELECT 1 FROM [reports].[sluice_old] WHERE [dataset] = N'things' AND [physical] = N'filtered__1');
UPDATE [reports].[sluice_progress] SET [dataset] = N'things', [log] = N'log', [generation] = 3, [definition] = N'f38246cb1eaaeb1e92ecc35853715761', [version] = 1, [physical] = N'kinds__2', [text] = N'1 All|by "kind" Text|by "id" Int64|"n" = rows None Int64|"total" = sum Some("amount") Decimal { precision: 38, scale: 2 }|"highest" = max Some("level") Double|"seen" = max Some("seen") Timestamp', [rankings] = N'by_kind,all_kinds', [kept_from] = NULL
WHERE [gold_table] = N'kinds' AND ISNULL([dataset], N'things') = N'things' AND [log] IS NULL AND [generation] = 3 AND [definition] = N'' AND [version] = 0 AND [physical] = N'kinds__1' AND ISNULL([n], 0) = 1;
IF @@ROWCOUNT = 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
DELETE FROM [reports].[sluice_next] WHERE [gold_table] = N'kinds' AND [dataset] = N'things' AND [physical] = N'kinds__2' AND [log] = N'log' AND [generation] = 3 AND [definition] = N'f38246cb1eaaeb1e92ecc35853715761' AND [base_version] = 1 AND ISNULL([files_done], 0) = 0 AND [version] = 1 AND ISNULL([stamp], 0) = 0 AND ISNULL([is_asked], 0) = 0;
IF @@ROWCOUNT = 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
IF NOT EXISTS (SELECT 1 FROM [reports].[sluice_freshness] WHERE [gold_table] = N'kinds')
    INSERT INTO [reports].[sluice_freshness] ([gold_table]) VALUES (N'kinds');
UPDATE [reports].[sluice_freshness] SET [dataset] = N'things', [watermark] = CAST(N'1970-01-01T00:00:00.000000' AS datetime2(6)), [settled_until] = NULL, [version] = 1, [last_run] = CAST(N'1970-01-01T00:00:00.000000' AS datetime2(6)), [state] = N'live', [reason] = NULL, [blocked_version] = NULL, [blocked_definition] = NULL, [blocked_stamp] = NULL, [blocked_at] = NULL, [generation] = 3, [next_generation] = NULL, [next_done] = NULL, [pending_objects] = NULL, [oldest_pending] = NULL, [events] = 0, [records] = 0, [rows] = 0, [duplicates] = 0, [filtered] = 0, [quarantined] = 0, [redriven] = 0, [rows_taken] = 1, [counted_version] = 1
WHERE [gold_table] = N'kinds';
INSERT INTO [reports].[sluice_old] ([dataset], [physical], [since])
SELECT N'things', N'kinds__1', CAST(N'1970-01-01T00:00:00.000000' AS datetime2(6))
WHERE NOT EXISTS (SELECT 1 FROM [reports].[sluice_old] WHERE [dataset] = N'things' AND [physical] = N'kinds__1');
UPDATE [reports].[sluice_progress] SET [dataset] = N'things', [log] = N'log', [generation] = 3, [definition] = N'bf5cf24a370c4bf18a2150da54d092c1', [version] = 1, [physical] = N'local_days__2', [text] = N'1 Day in "America/St_Johns" 5c5a5bb1d33cef9ba275179bfef83068|by "kind" Text|"n" = rows None Int64|"total" = sum Some("amount") Decimal { precision: 38, scale: 2 }', [rankings] = NULL, [kept_from] = NULL
WHERE [gold_table] = N'local_days' AND ISNULL([dataset], N'things') = N'things' AND [log] IS NULL AND [generation] = 3 AND [definition] = N'' AND [version] = 0 AND [physical] = N'local_days__1' AND ISNULL([n], 0) = 1;
IF @@ROWCOUNT = 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
DELETE FROM [reports].[sluice_next] WHERE [gold_table] = N'local_days' AND [dataset] = N'things' AND [physical] = N'local_days__2' AND [log] = N'log' AND [generation] = 3 AND [definition] = N'bf5cf24a370c4bf18a2150da54d092c1' AND [base_version] = 1 AND ISNULL([files_done], 0) = 0 AND [version] = 1 AND ISNULL([stamp], 0) = 0 AND ISNULL([is_asked], 0) = 0;
IF @@ROWCOUNT = 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
IF NOT EXISTS (SELECT 1 FROM [reports].[sluice_freshness] WHERE [gold_table] = N'local_days')
    INSERT INTO [reports].[sluice_freshness] ([gold_table]) VALUES (N'local_days');
UPDATE [reports].[sluice_freshness] SET [dataset] = N'things', [watermark] = CAST(N'1970-01-01T00:00:00.000000' AS datetime2(6)), [settled_until] = CAST(N'1969-12-31T00:00:00.000000' AS datetime2(0)), [version] = 1, [last_run] = CAST(N'1970-01-01T00:00:00.000000' AS datetime2(6)), [state] = N'live', [reason] = NULL, [blocked_version] = NULL, [blocked_definition] = NULL, [blocked_stamp] = NULL, [blocked_at] = NULL, [generation] = 3, [next_generation] = NULL, [next_done] = NULL, [pending_objects] = NULL, [oldest_pending] = NULL, [events] = 0, [records] = 0, [rows] = 0, [duplicates] = 0, [filtered] = 0, [quarantined] = 0, [redriven] = 0, [rows_taken] = 1, [counted_version] = 1
WHERE [gold_table] = N'local_days';
INSERT INTO [reports].[sluice_old] ([dataset], [physical], [since])
SELECT N'things', N'local_days__1', CAST(N'1970-01-01T00:00:00.000000' AS datetime2(6))
WHERE NOT EXISTS (SELECT 1 FROM [reports].[sluice_old] WHERE [dataset] = N'things' AND [physical] = N'local_days__1');
UPDATE [reports].[sluice_progress] SET [dataset] = N'things', [log] = N'log', [generation] = 3, [definition] = N'b66946768988627c6ccb6fb2efcf8417', [version] = 1, [physical] = N'overlapping__2', [text] = N'1 ThirtyMinutes every 10 keep 604800000000|by "kind" Text|"n" = rows None Int64|"mean_sum" = sum Some("amount") Decimal { precision: 38, scale: 2 }|"mean_count" = values Some("amount") Int64', [rankings] = NULL, [kept_from] = CAST(N'1969-12-24T23:40:00.000000' AS datetime2(6))
WHERE [gold_table] = N'overlapping' AND ISNULL([dataset], N'things') = N'things' AND [log] IS NULL AND [generation] = 3 AND [definition] = N'' AND [version] = 0 AND [physical] = N'overlapping__1' AND ISNULL([n], 0) = 1;
IF @@ROWCOUNT = 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
DELETE FROM [reports].[sluice_next] WHERE [gold_table] = N'overlapping' AND [dataset] = N'things' AND [physical] = N'overlapping__2' AND [log] = N'log' AND [generation] = 3 AND [definition] = N'b66946768988627c6ccb6fb2efcf8417' AND [base_version] = 1 AND ISNULL([files_done], 0) = 0 AND [version] = 1 AND ISNULL([stamp], 0) = 0 AND ISNULL([is_asked], 0) = 0;
IF @@ROWCOUNT = 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
IF NOT EXISTS (SELECT 1 FROM [reports].[sluice_freshness] WHERE [gold_table] = N'overlapping')
    INSERT INTO [reports].[sluice_freshness] ([gold_table]) VALUES (N'overlapping');
UPDATE [reports].[sluice_freshness] SET [dataset] = N'things', [watermark] = CAST(N'1970-01-01T00:00:00.000000' AS datetime2(6)), [settled_until] = CAST(N'1969-12-31T22:10:00.000000' AS datetime2(0)), [version] = 1, [last_run] = CAST(N'1970-01-01T00:00:00.000000' AS datetime2(6)), [state] = N'live', [reason] = NULL, [blocked_version] = NULL, [blocked_definition] = NULL, [blocked_stamp] = NULL, [blocked_at] = NULL, [generation] = 3, [next_generation] = NULL, [next_done] = NULL, [pending_objects] = NULL, [oldest_pending] = NULL, [events] = 0, [records] = 0, [rows] = 0, [duplicates] = 0, [filtered] = 0, [quarantined] = 0, [redriven] = 0, [rows_taken] = 1, [counted_version] = 1
WHERE [gold_table] = N'overlapping';
INSERT INTO [reports].[sluice_old] ([dataset], [physical], [since])
SELECT N'things', N'overlapping__1', CAST(N'1970-01-01T00:00:00.000000' AS datetime2(6))
WHERE NOT EXISTS (SELECT 1 FROM [reports].[sluice_old] WHERE [dataset] = N'things' AND [physical] = N'overlapping__1');
UPDATE [reports].[sluice_progress] SET [dataset] = N'things', [log] = NULL, [generation] = 0, [definition] = N'', [version] = 0, [physical] = NULL, [text] = NULL, [rankings] = NULL
WHERE [gold_table] = N'gone' AND ISNULL([dataset], N'things') = N'things' AND [log] IS NULL AND [generation] = 0 AND [definition] = N'' AND [version] = 0 AND [physical] IS NULL AND ISNULL([n], 0) = 0;
IF @@ROWCOUNT = 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 1 AS [outcome];
    RETURN;
END;
INSERT INTO [reports].[sluice_old] ([dataset], [physical], [since])
SELECT [dataset], [physical], CAST(N'1970-01-01T00:00:00.000000' AS datetime2(6)) FROM [reports].[sluice_next]
WHERE [gold_table] = N'gone' AND [physical] IS NOT NULL;
DELETE FROM [reports].[sluice_next] WHERE [gold_table] = N'gone';
DELETE FROM [reports].[sluice_freshness] WHERE [gold_table] = N'gone';
DROP VIEW IF EXISTS [reports].[gone];
DROP VIEW IF EXISTS [reports].[gone_report];
DROP VIEW IF EXISTS [reports].[a];
DROP VIEW IF EXISTS [reports].[b];
IF OBJECT_ID(N'[reports].[hourly]', N'V') IS NOT NULL
    EXEC(N'ALTER VIEW [reports].[hourly] AS
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
FROM [reports].[hourly__2] AS t')
ELSE
    EXEC(N'CREATE VIEW [reports].[hourly] AS
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
FROM [reports].[hourly__2] AS t');
IF OBJECT_ID(N'[reports].[hourly_report]', N'V') IS NOT NULL
    EXEC(N'ALTER VIEW [reports].[hourly_report] AS
/* sluice 3deae545958e8b614b655cc86acd7e93 */
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
FROM [reports].[hourly__2] AS t
LEFT JOIN [reports].[sluice_freshness] AS f ON f.[gold_table] = N''hourly''')
ELSE
    EXEC(N'CREATE VIEW [reports].[hourly_report] AS
/* sluice 3deae545958e8b614b655cc86acd7e93 */
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
FROM [reports].[hourly__2] AS t
LEFT JOIN [reports].[sluice_freshness] AS f ON f.[gold_table] = N''hourly''');
IF OBJECT_ID(N'[reports].[best_hours]', N'V') IS NOT NULL
    EXEC(N'ALTER VIEW [reports].[best_hours] AS
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
FROM [reports].[hourly__2] AS t
ORDER BY [rank]')
ELSE
    EXEC(N'CREATE VIEW [reports].[best_hours] AS
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
FROM [reports].[hourly__2] AS t
ORDER BY [rank]');
IF OBJECT_ID(N'[reports].[daily]', N'V') IS NOT NULL
    EXEC(N'ALTER VIEW [reports].[daily] AS
/* sluice d383dda88207d305986e6030a30b1b96 */
SELECT
    t.[day] AS [day],
    t.[_key] AS [_key],
    t.[kind] AS [kind],
    t.[flag] AS [flag],
    t.[n] AS [n],
    t.[total] AS [total],
    t.[largest] AS [largest]
FROM [reports].[daily__2] AS t')
ELSE
    EXEC(N'CREATE VIEW [reports].[daily] AS
/* sluice d383dda88207d305986e6030a30b1b96 */
SELECT
    t.[day] AS [day],
    t.[_key] AS [_key],
    t.[kind] AS [kind],
    t.[flag] AS [flag],
    t.[n] AS [n],
    t.[total] AS [total],
    t.[largest] AS [largest]
FROM [reports].[daily__2] AS t');
IF OBJECT_ID(N'[reports].[daily_report]', N'V') IS NOT NULL
    EXEC(N'ALTER VIEW [reports].[daily_report] AS
/* sluice fe12e428e007a4f1b5a3dd458bc7e535 */
SELECT
    t.[day] AS [day],
    t.[kind] AS [kind],
    t.[flag] AS [flag],
    t.[n] AS [n],
    t.[total] AS [total],
    t.[largest] AS [largest],
    CAST(CASE WHEN CAST(t.[day] AS datetime2(0)) < f.[settled_until] THEN 1 ELSE 0 END AS bit) AS [is_settled]
FROM [reports].[daily__2] AS t
LEFT JOIN [reports].[sluice_freshness] AS f ON f.[gold_table] = N''daily''')
ELSE
    EXEC(N'CREATE VIEW [reports].[daily_report] AS
/* sluice fe12e428e007a4f1b5a3dd458bc7e535 */
SELECT
    t.[day] AS [day],
    t.[kind] AS [kind],
    t.[flag] AS [flag],
    t.[n] AS [n],
    t.[total] AS [total],
    t.[largest] AS [largest],
    CAST(CASE WHEN CAST(t.[day] AS datetime2(0)) < f.[settled_until] THEN 1 ELSE 0 END AS bit) AS [is_settled]
FROM [reports].[daily__2] AS t
LEFT JOIN [reports].[sluice_freshness] AS f ON f.[gold_table] = N''daily''');
IF OBJECT_ID(N'[reports].[best_kinds]', N'V') IS NOT NULL
    EXEC(N'ALTER VIEW [reports].[best_kinds] AS
/* sluice a6455ab66e099bfb3641f5b5bbf40214 */
SELECT TOP (3)
    row_number() OVER (ORDER BY CASE WHEN t.[total] IS NULL THEN 1 ELSE 0 END, t.[total] DESC, t.[kind] COLLATE Latin1_General_BIN2, t.[flag], t.[day], t.[_key]) AS [rank],
    t.[day] AS [day],
    t.[kind] AS [kind],
    t.[flag] AS [flag],
    t.[n] AS [n],
    t.[total] AS [total],
    t.[largest] AS [largest]
FROM [reports].[daily__2] AS t
WHERE t.[kind] IS NOT NULL OR t.[flag] IS NOT NULL
ORDER BY [rank]')
ELSE
    EXEC(N'CREATE VIEW [reports].[best_kinds] AS
/* sluice a6455ab66e099bfb3641f5b5bbf40214 */
SELECT TOP (3)
    row_number() OVER (ORDER BY CASE WHEN t.[total] IS NULL THEN 1 ELSE 0 END, t.[total] DESC, t.[kind] COLLATE Latin1_General_BIN2, t.[flag], t.[day], t.[_key]) AS [rank],
    t.[day] AS [day],
    t.[kind] AS [kind],
    t.[flag] AS [flag],
    t.[n] AS [n],
    t.[total] AS [total],
    t.[largest] AS [largest]
FROM [reports].[daily__2] AS t
WHERE t.[kind] IS NOT NULL OR t.[flag] IS NOT NULL
ORDER BY [rank]');
IF OBJECT_ID(N'[reports].[monthly]', N'V') IS NOT NULL
    EXEC(N'ALTER VIEW [reports].[monthly] AS
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
FROM [reports].[monthly__2] AS t')
ELSE
    EXEC(N'CREATE VIEW [reports].[monthly] AS
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
FROM [reports].[monthly__2] AS t');
IF OBJECT_ID(N'[reports].[monthly_report]', N'V') IS NOT NULL
    EXEC(N'ALTER VIEW [reports].[monthly_report] AS
/* sluice cf44dcf5f219c63663abacb8356d2cb1 */
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
FROM [reports].[monthly__2] AS t
LEFT JOIN [reports].[sluice_freshness] AS f ON f.[gold_table] = N''monthly''')
ELSE
    EXEC(N'CREATE VIEW [reports].[monthly_report] AS
/* sluice cf44dcf5f219c63663abacb8356d2cb1 */
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
FROM [reports].[monthly__2] AS t
LEFT JOIN [reports].[sluice_freshness] AS f ON f.[gold_table] = N''monthly''');
IF OBJECT_ID(N'[reports].[ever]', N'V') IS NOT NULL
    EXEC(N'ALTER VIEW [reports].[ever] AS
/* sluice 8933201f1a39f9a6bd66378514f87e52 */
SELECT
    t.[_key] AS [_key],
    t.[n] AS [n],
    t.[total] AS [total]
FROM [reports].[ever__2] AS t')
ELSE
    EXEC(N'CREATE VIEW [reports].[ever] AS
/* sluice 8933201f1a39f9a6bd66378514f87e52 */
SELECT
    t.[_key] AS [_key],
    t.[n] AS [n],
    t.[total] AS [total]
FROM [reports].[ever__2] AS t');
IF OBJECT_ID(N'[reports].[ever_report]', N'V') IS NOT NULL
    EXEC(N'ALTER VIEW [reports].[ever_report] AS
/* sluice b8073ea5afd9b8738dea797a65c72708 */
SELECT
    t.[n] AS [n],
    t.[total] AS [total]
FROM [reports].[ever__2] AS t')
ELSE
    EXEC(N'CREATE VIEW [reports].[ever_report] AS
/* sluice b8073ea5afd9b8738dea797a65c72708 */
SELECT
    t.[n] AS [n],
    t.[total] AS [total]
FROM [reports].[ever__2] AS t');
IF OBJECT_ID(N'[reports].[windows]', N'V') IS NOT NULL
    EXEC(N'ALTER VIEW [reports].[windows] AS
/* sluice f4d99d824d35f919bcd293f48eb9e20b */
SELECT
    t.[window_start] AS [window_start],
    t.[_key] AS [_key],
    t.[kind] AS [kind],
    t.[n] AS [n],
    t.[mean_sum] AS [mean_sum],
    t.[mean_count] AS [mean_count]
FROM [reports].[windows__2] AS t')
ELSE
    EXEC(N'CREATE VIEW [reports].[windows] AS
/* sluice f4d99d824d35f919bcd293f48eb9e20b */
SELECT
    t.[window_start] AS [window_start],
    t.[_key] AS [_key],
    t.[kind] AS [kind],
    t.[n] AS [n],
    t.[mean_sum] AS [mean_sum],
    t.[mean_count] AS [mean_count]
FROM [reports].[windows__2] AS t');
IF OBJECT_ID(N'[reports].[windows_report]', N'V') IS NOT NULL
    EXEC(N'ALTER VIEW [reports].[windows_report] AS
/* sluice 5afc5bb08f05a52600ebed055903caac */
SELECT
    t.[window_start] AS [window_start],
    DATEADD(minute, 5, t.[window_start]) AS [window_end],
    t.[kind] AS [kind],
    t.[n] AS [n],
    CAST(ROUND(CAST(t.[mean_sum] AS float) / NULLIF(t.[mean_count], 0), 6) AS float) AS [mean],
    t.[mean_sum] AS [mean_sum],
    t.[mean_count] AS [mean_count],
    CAST(CASE WHEN CAST(t.[window_start] AS datetime2(0)) < f.[settled_until] THEN 1 ELSE 0 END AS bit) AS [is_settled]
FROM [reports].[windows__2] AS t
LEFT JOIN [reports].[sluice_freshness] AS f ON f.[gold_table] = N''windows''')
ELSE
    EXEC(N'CREATE VIEW [reports].[windows_report] AS
/* sluice 5afc5bb08f05a52600ebed055903caac */
SELECT
    t.[window_start] AS [window_start],
    DATEADD(minute, 5, t.[window_start]) AS [window_end],
    t.[kind] AS [kind],
    t.[n] AS [n],
    CAST(ROUND(CAST(t.[mean_sum] AS float) / NULLIF(t.[mean_count], 0), 6) AS float) AS [mean],
    t.[mean_sum] AS [mean_sum],
    t.[mean_count] AS [mean_count],
    CAST(CASE WHEN CAST(t.[window_start] AS datetime2(0)) < f.[settled_until] THEN 1 ELSE 0 END AS bit) AS [is_settled]
FROM [reports].[windows__2] AS t
LEFT JOIN [reports].[sluice_freshness] AS f ON f.[gold_table] = N''windows''');
IF OBJECT_ID(N'[reports].[weekly]', N'V') IS NOT NULL
    EXEC(N'ALTER VIEW [reports].[weekly] AS
/* sluice 33ac7d5bbe588d1b211f9e4fe9cb98c0 */
SELECT
    t.[week] AS [week],
    t.[_key] AS [_key],
    t.[n] AS [n]
FROM [reports].[weekly__2] AS t')
ELSE
    EXEC(N'CREATE VIEW [reports].[weekly] AS
/* sluice 33ac7d5bbe588d1b211f9e4fe9cb98c0 */
SELECT
    t.[week] AS [week],
    t.[_key] AS [_key],
    t.[n] AS [n]
FROM [reports].[weekly__2] AS t');
IF OBJECT_ID(N'[reports].[weekly_report]', N'V') IS NOT NULL
    EXEC(N'ALTER VIEW [reports].[weekly_report] AS
/* sluice c57462108ed1111dbf05e239d3dd4d98 */
SELECT
    t.[week] AS [week],
    t.[n] AS [n],
    CAST(CASE WHEN CAST(t.[week] AS datetime2(0)) < f.[settled_until] THEN 1 ELSE 0 END AS bit) AS [is_settled]
FROM [reports].[weekly__2] AS t
LEFT JOIN [reports].[sluice_freshness] AS f ON f.[gold_table] = N''weekly''')
ELSE
    EXEC(N'CREATE VIEW [reports].[weekly_report] AS
/* sluice c57462108ed1111dbf05e239d3dd4d98 */
SELECT
    t.[week] AS [week],
    t.[n] AS [n],
    CAST(CASE WHEN CAST(t.[week] AS datetime2(0)) < f.[settled_until] THEN 1 ELSE 0 END AS bit) AS [is_settled]
FROM [reports].[weekly__2] AS t
LEFT JOIN [reports].[sluice_freshness] AS f ON f.[gold_table] = N''weekly''');
IF OBJECT_ID(N'[reports].[filtered]', N'V') IS NOT NULL
    EXEC(N'ALTER VIEW [reports].[filtered] AS
/* sluice a6e65ce38c6290be01c9cc2d9f3c88cb */
SELECT
    t.[day] AS [day],
    t.[_key] AS [_key],
    t.[n] AS [n],
    t.[large] AS [large],
    t.[mean_sum] AS [mean_sum],
    t.[mean_count] AS [mean_count]
FROM [reports].[filtered__2] AS t')
ELSE
    EXEC(N'CREATE VIEW [reports].[filtered] AS
/* sluice a6e65ce38c6290be01c9cc2d9f3c88cb */
SELECT
    t.[day] AS [day],
    t.[_key] AS [_key],
    t.[n] AS [n],
    t.[large] AS [large],
    t.[mean_sum] AS [mean_sum],
    t.[mean_count] AS [mean_count]
FROM [reports].[filtered__2] AS t');
IF OBJECT_ID(N'[reports].[filtered_report]', N'V') IS NOT NULL
    EXEC(N'ALTER VIEW [reports].[filtered_report] AS
/* sluice 9aa633abb760713ed46585617587c188 */
SELECT
    t.[day] AS [day],
    t.[n] AS [n],
    t.[large] AS [large],
    CAST(ROUND(CAST(t.[mean_sum] AS float) / NULLIF(t.[mean_count], 0), 6) AS float) AS [mean],
    t.[mean_sum] AS [mean_sum],
    t.[mean_count] AS [mean_count],
    CAST(CASE WHEN CAST(t.[day] AS datetime2(0)) < f.[settled_until] THEN 1 ELSE 0 END AS bit) AS [is_settled]
FROM [reports].[filtered__2] AS t
LEFT JOIN [reports].[sluice_freshness] AS f ON f.[gold_table] = N''filtered''')
ELSE
    EXEC(N'CREATE VIEW [reports].[filtered_report] AS
/* sluice 9aa633abb760713ed46585617587c188 */
SELECT
    t.[day] AS [day],
    t.[n] AS [n],
    t.[large] AS [large],
    CAST(ROUND(CAST(t.[mean_sum] AS float) / NULLIF(t.[mean_count], 0), 6) AS float) AS [mean],
    t.[mean_sum] AS [mean_sum],
    t.[mean_count] AS [mean_count],
    CAST(CASE WHEN CAST(t.[day] AS datetime2(0)) < f.[settled_until] THEN 1 ELSE 0 END AS bit) AS [is_settled]
FROM [reports].[filtered__2] AS t
LEFT JOIN [reports].[sluice_freshness] AS f ON f.[gold_table] = N''filtered''');
IF OBJECT_ID(N'[reports].[kinds]', N'V') IS NOT NULL
    EXEC(N'ALTER VIEW [reports].[kinds] AS
/* sluice 6df82a912ec96deab275ec9aed3f6427 */
SELECT
    t.[_key] AS [_key],
    t.[kind] AS [kind],
    t.[id] AS [id],
    t.[n] AS [n],
    t.[total] AS [total],
    t.[highest] AS [highest],
    t.[seen] AS [seen]
FROM [reports].[kinds__2] AS t')
ELSE
    EXEC(N'CREATE VIEW [reports].[kinds] AS
/* sluice 6df82a912ec96deab275ec9aed3f6427 */
SELECT
    t.[_key] AS [_key],
    t.[kind] AS [kind],
    t.[id] AS [id],
    t.[n] AS [n],
    t.[total] AS [total],
    t.[highest] AS [highest],
    t.[seen] AS [seen]
FROM [reports].[kinds__2] AS t');
IF OBJECT_ID(N'[reports].[kinds_report]', N'V') IS NOT NULL
    EXEC(N'ALTER VIEW [reports].[kinds_report] AS
/* sluice 7521657868eb1476c80c271f29825904 */
SELECT
    t.[kind] AS [kind],
    t.[id] AS [id],
    t.[n] AS [n],
    t.[total] AS [total],
    t.[highest] AS [highest],
    t.[seen] AS [seen]
FROM [reports].[kinds__2] AS t')
ELSE
    EXEC(N'CREATE VIEW [reports].[kinds_report] AS
/* sluice 7521657868eb1476c80c271f29825904 */
SELECT
    t.[kind] AS [kind],
    t.[id] AS [id],
    t.[n] AS [n],
    t.[total] AS [total],
    t.[highest] AS [highest],
    t.[seen] AS [seen]
FROM [reports].[kinds__2] AS t');
IF OBJECT_ID(N'[reports].[by_kind]', N'V') IS NOT NULL
    EXEC(N'ALTER VIEW [reports].[by_kind] AS
/* sluice eedfe47d45ac159aff6d120638b3fcb7 */
SELECT
    t.[kind] COLLATE Latin1_General_BIN2 AS [kind],
    COUNT_BIG(*) AS [rows],
    SUM(CAST(t.[n] AS decimal(38,0))) AS [n],
    SUM(t.[total]) AS [total],
    CAST(ROUND(CAST(SUM(t.[total]) AS float) / NULLIF(COUNT_BIG(t.[total]), 0), 6) AS float) AS [mean],
    min(t.[highest]) AS [lowest],
    max(t.[seen]) AS [seen]
FROM [reports].[kinds__2] AS t
GROUP BY t.[kind] COLLATE Latin1_General_BIN2, DATALENGTH(t.[kind])')
ELSE
    EXEC(N'CREATE VIEW [reports].[by_kind] AS
/* sluice eedfe47d45ac159aff6d120638b3fcb7 */
SELECT
    t.[kind] COLLATE Latin1_General_BIN2 AS [kind],
    COUNT_BIG(*) AS [rows],
    SUM(CAST(t.[n] AS decimal(38,0))) AS [n],
    SUM(t.[total]) AS [total],
    CAST(ROUND(CAST(SUM(t.[total]) AS float) / NULLIF(COUNT_BIG(t.[total]), 0), 6) AS float) AS [mean],
    min(t.[highest]) AS [lowest],
    max(t.[seen]) AS [seen]
FROM [reports].[kinds__2] AS t
GROUP BY t.[kind] COLLATE Latin1_General_BIN2, DATALENGTH(t.[kind])');
IF OBJECT_ID(N'[reports].[all_kinds]', N'V') IS NOT NULL
    EXEC(N'ALTER VIEW [reports].[all_kinds] AS
/* sluice b0d4e4714daabfc78e78b2fe5b7659ac */
SELECT
    max(t.[total]) AS [largest],
    CAST(ROUND(CAST(SUM(CAST(t.[n] AS decimal(38,0))) AS float) / NULLIF(COUNT_BIG(t.[n]), 0), 6) AS float) AS [mean_n]
FROM [reports].[kinds__2] AS t')
ELSE
    EXEC(N'CREATE VIEW [reports].[all_kinds] AS
/* sluice b0d4e4714daabfc78e78b2fe5b7659ac */
SELECT
    max(t.[total]) AS [largest],
    CAST(ROUND(CAST(SUM(CAST(t.[n] AS decimal(38,0))) AS float) / NULLIF(COUNT_BIG(t.[n]), 0), 6) AS float) AS [mean_n]
FROM [reports].[kinds__2] AS t');
IF OBJECT_ID(N'[reports].[local_days]', N'V') IS NOT NULL
    EXEC(N'ALTER VIEW [reports].[local_days] AS
/* sluice d31407a7c5f0f60be0a48b453f102f7a */
SELECT
    t.[day] AS [day],
    t.[_key] AS [_key],
    t.[kind] AS [kind],
    t.[n] AS [n],
    t.[total] AS [total]
FROM [reports].[local_days__2] AS t')
ELSE
    EXEC(N'CREATE VIEW [reports].[local_days] AS
/* sluice d31407a7c5f0f60be0a48b453f102f7a */
SELECT
    t.[day] AS [day],
    t.[_key] AS [_key],
    t.[kind] AS [kind],
    t.[n] AS [n],
    t.[total] AS [total]
FROM [reports].[local_days__2] AS t');
IF OBJECT_ID(N'[reports].[local_days_report]', N'V') IS NOT NULL
    EXEC(N'ALTER VIEW [reports].[local_days_report] AS
/* sluice 8c746b79adcdb14ad897b347707e5397 */
SELECT
    t.[day] AS [day],
    t.[kind] AS [kind],
    t.[n] AS [n],
    t.[total] AS [total],
    CAST(CASE WHEN CAST(t.[day] AS datetime2(0)) < f.[settled_until] THEN 1 ELSE 0 END AS bit) AS [is_settled]
FROM [reports].[local_days__2] AS t
LEFT JOIN [reports].[sluice_freshness] AS f ON f.[gold_table] = N''local_days''')
ELSE
    EXEC(N'CREATE VIEW [reports].[local_days_report] AS
/* sluice 8c746b79adcdb14ad897b347707e5397 */
SELECT
    t.[day] AS [day],
    t.[kind] AS [kind],
    t.[n] AS [n],
    t.[total] AS [total],
    CAST(CASE WHEN CAST(t.[day] AS datetime2(0)) < f.[settled_until] THEN 1 ELSE 0 END AS bit) AS [is_settled]
FROM [reports].[local_days__2] AS t
LEFT JOIN [reports].[sluice_freshness] AS f ON f.[gold_table] = N''local_days''');
IF OBJECT_ID(N'[reports].[overlapping]', N'V') IS NOT NULL
    EXEC(N'ALTER VIEW [reports].[overlapping] AS
/* sluice f4d99d824d35f919bcd293f48eb9e20b */
SELECT
    t.[window_start] AS [window_start],
    t.[_key] AS [_key],
    t.[kind] AS [kind],
    t.[n] AS [n],
    t.[mean_sum] AS [mean_sum],
    t.[mean_count] AS [mean_count]
FROM [reports].[overlapping__2] AS t')
ELSE
    EXEC(N'CREATE VIEW [reports].[overlapping] AS
/* sluice f4d99d824d35f919bcd293f48eb9e20b */
SELECT
    t.[window_start] AS [window_start],
    t.[_key] AS [_key],
    t.[kind] AS [kind],
    t.[n] AS [n],
    t.[mean_sum] AS [mean_sum],
    t.[mean_count] AS [mean_count]
FROM [reports].[overlapping__2] AS t');
IF OBJECT_ID(N'[reports].[overlapping_report]', N'V') IS NOT NULL
    EXEC(N'ALTER VIEW [reports].[overlapping_report] AS
/* sluice 6dc102429836741394983cbc7a867e15 */
SELECT
    t.[window_start] AS [window_start],
    DATEADD(minute, 30, t.[window_start]) AS [window_end],
    t.[kind] AS [kind],
    t.[n] AS [n],
    CAST(ROUND(CAST(t.[mean_sum] AS float) / NULLIF(t.[mean_count], 0), 6) AS float) AS [mean],
    t.[mean_sum] AS [mean_sum],
    t.[mean_count] AS [mean_count],
    CAST(CASE WHEN CAST(t.[window_start] AS datetime2(0)) < f.[settled_until] THEN 1 ELSE 0 END AS bit) AS [is_settled]
FROM [reports].[overlapping__2] AS t
LEFT JOIN [reports].[sluice_freshness] AS f ON f.[gold_table] = N''overlapping''')
ELSE
    EXEC(N'CREATE VIEW [reports].[overlapping_report] AS
/* sluice 6dc102429836741394983cbc7a867e15 */
SELECT
    t.[window_start] AS [window_start],
    DATEADD(minute, 30, t.[window_start]) AS [window_end],
    t.[kind] AS [kind],
    t.[n] AS [n],
    CAST(ROUND(CAST(t.[mean_sum] AS float) / NULLIF(t.[mean_count], 0), 6) AS float) AS [mean],
    t.[mean_sum] AS [mean_sum],
    t.[mean_count] AS [mean_count],
    CAST(CASE WHEN CAST(t.[window_start] AS datetime2(0)) < f.[settled_until] THEN 1 ELSE 0 END AS bit) AS [is_settled]
FROM [reports].[overlapping__2] AS t
LEFT JOIN [reports].[sluice_freshness] AS f ON f.[gold_table] = N''overlapping''');
SELECT 0 AS [outcome]

-- remark of all tables
SET LOCK_TIMEOUT 2000;
BEGIN TRANSACTION;
DECLARE @granted int;
EXEC @granted = sp_getapplock @Resource = N'sluice/reports/things', @LockMode = N'Exclusive', @LockOwner = N'Transaction', @LockTimeout = 2000;
IF @granted < 0
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 3 AS [outcome];
    RETURN;
END;
IF EXISTS (SELECT 1 FROM [reports].[sluice_builds] WHERE [dataset] = N'things'
    AND ([stamp] > 0 OR ([stamp] = 0 AND [hash] > N'')))
BEGIN
    ROLLBACK TRANSACTION;
    SET LOCK_TIMEOUT 30000;
    SELECT 2 AS [outcome];
    RETURN;
END;
UPDATE [reports].[sluice_freshness] SET [pending_objects] = 1, [oldest_pending] = CAST(N'1970-01-01T00:00:00.000000' AS datetime2(6)) WHERE [dataset] = N'things';
UPDATE [reports].[sluice_freshness] SET [state] = N'removed', [reason] = N'why', [blocked_version] = NULL, [blocked_definition] = NULL, [blocked_stamp] = NULL, [blocked_at] = NULL
WHERE [gold_table] = N'gone' AND [dataset] = N'things';
SELECT 0 AS [outcome]

-- commit the swap of all tables
COMMIT TRANSACTION;
SET LOCK_TIMEOUT 30000

-- rename hourly
EXEC sp_rename @objname = N'[reports].[hourly]', @newname = N'hourly__2', @objtype = N'OBJECT'

-- create hourly
CREATE TABLE [reports].[hourly__2] (
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
)

-- show hourly
CREATE OR ALTER VIEW [reports].[hourly] AS
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
FROM [reports].[hourly__2] AS t

-- list the columns of hourly
SELECT CAST(c.[name] AS nvarchar(128)) AS [column] FROM sys.columns AS c
WHERE c.[object_id] IN (OBJECT_ID(N'[reports].[hourly]', N'V'), OBJECT_ID(N'[reports].[hourly]', N'U'))

-- read hourly
SELECT TOP (10) [hour], [n], [total], [mean_sum], [mean_count], [low], [high], [first], [last], [ids], [mean_id_sum], [mean_id_count] FROM [reports].[hourly] ORDER BY CASE WHEN [mean_id_count] IS NULL THEN 1 ELSE 0 END, [mean_id_count] DESC, CASE WHEN [hour] IS NULL THEN 1 ELSE 0 END, [hour] ASC

-- show hourly_report
CREATE OR ALTER VIEW [reports].[hourly_report] AS
/* sluice 3deae545958e8b614b655cc86acd7e93 */
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
FROM [reports].[hourly__2] AS t
LEFT JOIN [reports].[sluice_freshness] AS f ON f.[gold_table] = N'hourly'

-- list the columns of hourly_report
SELECT CAST(c.[name] AS nvarchar(128)) AS [column] FROM sys.columns AS c
WHERE c.[object_id] IN (OBJECT_ID(N'[reports].[hourly_report]', N'V'), OBJECT_ID(N'[reports].[hourly_report]', N'U'))

-- read hourly_report
SELECT TOP (10) [hour], [n], [total], [mean], [low], [high], [first], [last], [ids], [mean_id], [is_settled] FROM [reports].[hourly_report] ORDER BY CASE WHEN [is_settled] IS NULL THEN 1 ELSE 0 END, [is_settled] DESC, CASE WHEN [hour] IS NULL THEN 1 ELSE 0 END, [hour] ASC

-- show best_hours
CREATE OR ALTER VIEW [reports].[best_hours] AS
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
FROM [reports].[hourly__2] AS t
ORDER BY [rank]

-- list the columns of best_hours
SELECT CAST(c.[name] AS nvarchar(128)) AS [column] FROM sys.columns AS c
WHERE c.[object_id] IN (OBJECT_ID(N'[reports].[best_hours]', N'V'), OBJECT_ID(N'[reports].[best_hours]', N'U'))

-- read best_hours
SELECT TOP (10) [rank], [hour], [n], [total], [mean], [low], [high], [first], [last], [ids], [mean_id] FROM [reports].[best_hours] ORDER BY CASE WHEN [mean_id] IS NULL THEN 1 ELSE 0 END, [mean_id] DESC, CASE WHEN [hour] IS NULL THEN 1 ELSE 0 END, [hour] ASC

-- clear hourly
DELETE FROM [reports].[hourly__2]

-- drop a table of hourly
SET LOCK_TIMEOUT 2000;
BEGIN TRANSACTION;
DELETE FROM [reports].[sluice_old] WHERE [dataset] = N'things' AND [physical] = N'hourly__2'
    AND NOT EXISTS (SELECT 1 FROM [reports].[sluice_progress] WHERE [physical] = N'hourly__2')
    AND NOT EXISTS (SELECT 1 FROM [reports].[sluice_next] WHERE [physical] = N'hourly__2')
    AND NOT EXISTS (SELECT 1 FROM [reports].[sluice_builds] WHERE [dataset] = N'things'
    AND ([stamp] > 0 OR ([stamp] = 0 AND [hash] > N'')));
IF @@ROWCOUNT > 0
    DROP TABLE IF EXISTS [reports].[hourly__2];
COMMIT TRANSACTION;
SET LOCK_TIMEOUT 30000

-- make a temporary table for hourly
DROP TABLE IF EXISTS [#sluice_hourly__2];
CREATE TABLE [#sluice_hourly__2] (
    [hour] datetime2(0) NOT NULL,
    [_key] binary(16) NOT NULL,
    [n] bigint NOT NULL,
    [total] nvarchar(max) NULL,
    [mean_sum] nvarchar(max) NULL,
    [mean_count] bigint NOT NULL,
    [low] float NULL,
    [high] float NULL,
    [first] date NULL,
    [last] datetime2(6) NULL,
    [ids] nvarchar(max) NULL,
    [mean_id_sum] nvarchar(max) NULL,
    [mean_id_count] bigint NOT NULL,
    PRIMARY KEY ([hour], [_key])
)

-- merge rows into hourly
DECLARE @rows bigint = (SELECT COUNT_BIG(*) FROM [#sluice_hourly__2]);
IF @rows <> 10
BEGIN
    SELECT @rows AS [rows];
    RETURN;
END;
DECLARE @group nvarchar(2048) = (SELECT TOP (1) REPLACE(LEFT(CONCAT(N'hour = ', ISNULL(CONVERT(nvarchar(200), d.[hour], 126), N'null')), 1000), N'%', N'%%') FROM [reports].[hourly__2] AS t
JOIN (SELECT [hour], [_key], [n], CAST([total] AS decimal(38,2)) AS [total], CAST([mean_sum] AS decimal(38,2)) AS [mean_sum], [mean_count], [low], [high], [first], [last], CAST([ids] AS decimal(38,0)) AS [ids], CAST([mean_id_sum] AS decimal(38,0)) AS [mean_id_sum], [mean_id_count] FROM [#sluice_hourly__2]) AS d ON t.[hour] = d.[hour] AND t.[_key] = d.[_key]
WHERE CASE WHEN d.[total] > 0 AND t.[total] > 0 THEN CASE WHEN t.[total] > 999999999999999999999999999999999999.99 - d.[total] THEN 1 ELSE 0 END
      WHEN d.[total] < 0 AND t.[total] < 0 THEN CASE WHEN t.[total] < -999999999999999999999999999999999999.99 - d.[total] THEN 1 ELSE 0 END
      ELSE 0 END = 1
    OR CASE WHEN d.[mean_sum] > 0 AND t.[mean_sum] > 0 THEN CASE WHEN t.[mean_sum] > 999999999999999999999999999999999999.99 - d.[mean_sum] THEN 1 ELSE 0 END
      WHEN d.[mean_sum] < 0 AND t.[mean_sum] < 0 THEN CASE WHEN t.[mean_sum] < -999999999999999999999999999999999999.99 - d.[mean_sum] THEN 1 ELSE 0 END
      ELSE 0 END = 1
    OR CASE WHEN d.[ids] > 0 AND t.[ids] > 0 THEN CASE WHEN t.[ids] > 99999999999999999999999999999999999999. - d.[ids] THEN 1 ELSE 0 END
      WHEN d.[ids] < 0 AND t.[ids] < 0 THEN CASE WHEN t.[ids] < -99999999999999999999999999999999999999. - d.[ids] THEN 1 ELSE 0 END
      ELSE 0 END = 1
    OR CASE WHEN d.[mean_id_sum] > 0 AND t.[mean_id_sum] > 0 THEN CASE WHEN t.[mean_id_sum] > 99999999999999999999999999999999999999. - d.[mean_id_sum] THEN 1 ELSE 0 END
      WHEN d.[mean_id_sum] < 0 AND t.[mean_id_sum] < 0 THEN CASE WHEN t.[mean_id_sum] < -99999999999999999999999999999999999999. - d.[mean_id_sum] THEN 1 ELSE 0 END
      ELSE 0 END = 1);
IF @group IS NOT NULL
    THROW 50038, @group, 1;
UPDATE t SET [n] = t.[n] + d.[n],
    [total] = CASE WHEN t.[total] IS NULL THEN d.[total] WHEN d.[total] IS NULL THEN t.[total] ELSE t.[total] + d.[total] END,
    [mean_sum] = CASE WHEN t.[mean_sum] IS NULL THEN d.[mean_sum] WHEN d.[mean_sum] IS NULL THEN t.[mean_sum] ELSE t.[mean_sum] + d.[mean_sum] END,
    [mean_count] = t.[mean_count] + d.[mean_count],
    [low] = CASE WHEN t.[low] IS NULL OR d.[low] < t.[low] THEN d.[low] ELSE t.[low] END,
    [high] = CASE WHEN t.[high] IS NULL OR d.[high] > t.[high] THEN d.[high] ELSE t.[high] END,
    [first] = CASE WHEN t.[first] IS NULL OR d.[first] < t.[first] THEN d.[first] ELSE t.[first] END,
    [last] = CASE WHEN t.[last] IS NULL OR d.[last] > t.[last] THEN d.[last] ELSE t.[last] END,
    [ids] = CASE WHEN t.[ids] IS NULL THEN d.[ids] WHEN d.[ids] IS NULL THEN t.[ids] ELSE t.[ids] + d.[ids] END,
    [mean_id_sum] = CASE WHEN t.[mean_id_sum] IS NULL THEN d.[mean_id_sum] WHEN d.[mean_id_sum] IS NULL THEN t.[mean_id_sum] ELSE t.[mean_id_sum] + d.[mean_id_sum] END,
    [mean_id_count] = t.[mean_id_count] + d.[mean_id_count]
FROM [reports].[hourly__2] AS t
JOIN (SELECT [hour], [_key], [n], CAST([total] AS decimal(38,2)) AS [total], CAST([mean_sum] AS decimal(38,2)) AS [mean_sum], [mean_count], [low], [high], [first], [last], CAST([ids] AS decimal(38,0)) AS [ids], CAST([mean_id_sum] AS decimal(38,0)) AS [mean_id_sum], [mean_id_count] FROM [#sluice_hourly__2]) AS d ON t.[hour] = d.[hour] AND t.[_key] = d.[_key];
INSERT INTO [reports].[hourly__2] ([hour], [_key], [n], [total], [mean_sum], [mean_count], [low], [high], [first], [last], [ids], [mean_id_sum], [mean_id_count])
SELECT [hour], [_key], [n], [total], [mean_sum], [mean_count], [low], [high], [first], [last], [ids], [mean_id_sum], [mean_id_count] FROM (SELECT [hour], [_key], [n], CAST([total] AS decimal(38,2)) AS [total], CAST([mean_sum] AS decimal(38,2)) AS [mean_sum], [mean_count], [low], [high], [first], [last], CAST([ids] AS decimal(38,0)) AS [ids], CAST([mean_id_sum] AS decimal(38,0)) AS [mean_id_sum], [mean_id_count] FROM [#sluice_hourly__2]) AS d
WHERE NOT EXISTS (SELECT 1 FROM [reports].[hourly__2] AS t WHERE t.[hour] = d.[hour] AND t.[_key] = d.[_key]);
DELETE FROM [#sluice_hourly__2]

-- rename daily
EXEC sp_rename @objname = N'[reports].[daily]', @newname = N'daily__2', @objtype = N'OBJECT'

-- create daily
CREATE TABLE [reports].[daily__2] (
    [day] date NOT NULL,
    [_key] binary(16) NOT NULL,
    [kind] nvarchar(max) NULL,
    [flag] bit NULL,
    [n] bigint NOT NULL,
    [total] decimal(38,2) NULL,
    [largest] decimal(18,2) NULL,
    PRIMARY KEY ([day], [_key])
)

-- show daily
CREATE OR ALTER VIEW [reports].[daily] AS
/* sluice d383dda88207d305986e6030a30b1b96 */
SELECT
    t.[day] AS [day],
    t.[_key] AS [_key],
    t.[kind] AS [kind],
    t.[flag] AS [flag],
    t.[n] AS [n],
    t.[total] AS [total],
    t.[largest] AS [largest]
FROM [reports].[daily__2] AS t

-- list the columns of daily
SELECT CAST(c.[name] AS nvarchar(128)) AS [column] FROM sys.columns AS c
WHERE c.[object_id] IN (OBJECT_ID(N'[reports].[daily]', N'V'), OBJECT_ID(N'[reports].[daily]', N'U'))

-- read daily
SELECT TOP (10) [day], [kind], [flag], [n], [total], [largest] FROM [reports].[daily] ORDER BY CASE WHEN [largest] IS NULL THEN 1 ELSE 0 END, [largest] DESC, CASE WHEN [day] IS NULL THEN 1 ELSE 0 END, [day] ASC, CASE WHEN [kind] IS NULL THEN 1 ELSE 0 END, [kind] COLLATE Latin1_General_BIN2 ASC, CASE WHEN [flag] IS NULL THEN 1 ELSE 0 END, [flag] ASC

-- show daily_report
CREATE OR ALTER VIEW [reports].[daily_report] AS
/* sluice fe12e428e007a4f1b5a3dd458bc7e535 */
SELECT
    t.[day] AS [day],
    t.[kind] AS [kind],
    t.[flag] AS [flag],
    t.[n] AS [n],
    t.[total] AS [total],
    t.[largest] AS [largest],
    CAST(CASE WHEN CAST(t.[day] AS datetime2(0)) < f.[settled_until] THEN 1 ELSE 0 END AS bit) AS [is_settled]
FROM [reports].[daily__2] AS t
LEFT JOIN [reports].[sluice_freshness] AS f ON f.[gold_table] = N'daily'

-- list the columns of daily_report
SELECT CAST(c.[name] AS nvarchar(128)) AS [column] FROM sys.columns AS c
WHERE c.[object_id] IN (OBJECT_ID(N'[reports].[daily_report]', N'V'), OBJECT_ID(N'[reports].[daily_report]', N'U'))

-- read daily_report
SELECT TOP (10) [day], [kind], [flag], [n], [total], [largest], [is_settled] FROM [reports].[daily_report] ORDER BY CASE WHEN [is_settled] IS NULL THEN 1 ELSE 0 END, [is_settled] DESC, CASE WHEN [day] IS NULL THEN 1 ELSE 0 END, [day] ASC, CASE WHEN [kind] IS NULL THEN 1 ELSE 0 END, [kind] COLLATE Latin1_General_BIN2 ASC, CASE WHEN [flag] IS NULL THEN 1 ELSE 0 END, [flag] ASC

-- show best_kinds
CREATE OR ALTER VIEW [reports].[best_kinds] AS
/* sluice a6455ab66e099bfb3641f5b5bbf40214 */
SELECT TOP (3)
    row_number() OVER (ORDER BY CASE WHEN t.[total] IS NULL THEN 1 ELSE 0 END, t.[total] DESC, t.[kind] COLLATE Latin1_General_BIN2, t.[flag], t.[day], t.[_key]) AS [rank],
    t.[day] AS [day],
    t.[kind] AS [kind],
    t.[flag] AS [flag],
    t.[n] AS [n],
    t.[total] AS [total],
    t.[largest] AS [largest]
FROM [reports].[daily__2] AS t
WHERE t.[kind] IS NOT NULL OR t.[flag] IS NOT NULL
ORDER BY [rank]

-- list the columns of best_kinds
SELECT CAST(c.[name] AS nvarchar(128)) AS [column] FROM sys.columns AS c
WHERE c.[object_id] IN (OBJECT_ID(N'[reports].[best_kinds]', N'V'), OBJECT_ID(N'[reports].[best_kinds]', N'U'))

-- read best_kinds
SELECT TOP (10) [rank], [day], [kind], [flag], [n], [total], [largest] FROM [reports].[best_kinds] ORDER BY CASE WHEN [largest] IS NULL THEN 1 ELSE 0 END, [largest] DESC, CASE WHEN [day] IS NULL THEN 1 ELSE 0 END, [day] ASC, CASE WHEN [kind] IS NULL THEN 1 ELSE 0 END, [kind] COLLATE Latin1_General_BIN2 ASC, CASE WHEN [flag] IS NULL THEN 1 ELSE 0 END, [flag] ASC

-- clear daily
DELETE FROM [reports].[daily__2]

-- drop a table of daily
SET LOCK_TIMEOUT 2000;
BEGIN TRANSACTION;
DELETE FROM [reports].[sluice_old] WHERE [dataset] = N'things' AND [physical] = N'daily__2'
    AND NOT EXISTS (SELECT 1 FROM [reports].[sluice_progress] WHERE [physical] = N'daily__2')
    AND NOT EXISTS (SELECT 1 FROM [reports].[sluice_next] WHERE [physical] = N'daily__2')
    AND NOT EXISTS (SELECT 1 FROM [reports].[sluice_builds] WHERE [dataset] = N'things'
    AND ([stamp] > 0 OR ([stamp] = 0 AND [hash] > N'')));
IF @@ROWCOUNT > 0
    DROP TABLE IF EXISTS [reports].[daily__2];
COMMIT TRANSACTION;
SET LOCK_TIMEOUT 30000

-- make a temporary table for daily
DROP TABLE IF EXISTS [#sluice_daily__2];
CREATE TABLE [#sluice_daily__2] (
    [day] date NOT NULL,
    [_key] binary(16) NOT NULL,
    [kind] nvarchar(max) NULL,
    [flag] bit NULL,
    [n] bigint NOT NULL,
    [total] nvarchar(max) NULL,
    [largest] nvarchar(max) NULL,
    PRIMARY KEY ([day], [_key])
)

-- merge rows into daily
DECLARE @rows bigint = (SELECT COUNT_BIG(*) FROM [#sluice_daily__2]);
IF @rows <> 10
BEGIN
    SELECT @rows AS [rows];
    RETURN;
END;
DECLARE @group nvarchar(2048) = (SELECT TOP (1) REPLACE(LEFT(CONCAT(N'day = ', ISNULL(CONVERT(nvarchar(200), d.[day], 23), N'null'), N', ', N'kind = ', ISNULL(CONVERT(nvarchar(200), d.[kind]), N'null'), N', ', N'flag = ', ISNULL(CONVERT(nvarchar(200), d.[flag]), N'null')), 1000), N'%', N'%%') FROM [reports].[daily__2] AS t
JOIN (SELECT [day], [_key], [kind], [flag], [n], CAST([total] AS decimal(38,2)) AS [total], CAST([largest] AS decimal(18,2)) AS [largest] FROM [#sluice_daily__2]) AS d ON t.[day] = d.[day] AND t.[_key] = d.[_key]
WHERE CASE WHEN d.[total] > 0 AND t.[total] > 0 THEN CASE WHEN t.[total] > 999999999999999999999999999999999999.99 - d.[total] THEN 1 ELSE 0 END
      WHEN d.[total] < 0 AND t.[total] < 0 THEN CASE WHEN t.[total] < -999999999999999999999999999999999999.99 - d.[total] THEN 1 ELSE 0 END
      ELSE 0 END = 1);
IF @group IS NOT NULL
    THROW 50038, @group, 1;
UPDATE t SET [n] = t.[n] + d.[n],
    [total] = CASE WHEN t.[total] IS NULL THEN d.[total] WHEN d.[total] IS NULL THEN t.[total] ELSE t.[total] + d.[total] END,
    [largest] = CASE WHEN t.[largest] IS NULL OR d.[largest] > t.[largest] THEN d.[largest] ELSE t.[largest] END
FROM [reports].[daily__2] AS t
JOIN (SELECT [day], [_key], [kind], [flag], [n], CAST([total] AS decimal(38,2)) AS [total], CAST([largest] AS decimal(18,2)) AS [largest] FROM [#sluice_daily__2]) AS d ON t.[day] = d.[day] AND t.[_key] = d.[_key];
INSERT INTO [reports].[daily__2] ([day], [_key], [kind], [flag], [n], [total], [largest])
SELECT [day], [_key], [kind], [flag], [n], [total], [largest] FROM (SELECT [day], [_key], [kind], [flag], [n], CAST([total] AS decimal(38,2)) AS [total], CAST([largest] AS decimal(18,2)) AS [largest] FROM [#sluice_daily__2]) AS d
WHERE NOT EXISTS (SELECT 1 FROM [reports].[daily__2] AS t WHERE t.[day] = d.[day] AND t.[_key] = d.[_key]);
DELETE FROM [#sluice_daily__2]

-- rename monthly
EXEC sp_rename @objname = N'[reports].[monthly]', @newname = N'monthly__2', @objtype = N'OBJECT'

-- create monthly
CREATE TABLE [reports].[monthly__2] (
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
)

-- show monthly
CREATE OR ALTER VIEW [reports].[monthly] AS
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
FROM [reports].[monthly__2] AS t

-- list the columns of monthly
SELECT CAST(c.[name] AS nvarchar(128)) AS [column] FROM sys.columns AS c
WHERE c.[object_id] IN (OBJECT_ID(N'[reports].[monthly]', N'V'), OBJECT_ID(N'[reports].[monthly]', N'U'))

-- read monthly
SELECT TOP (10) [month], [amount], [born], [seen], [id], [n], [smallest], [lowest_id] FROM [reports].[monthly] ORDER BY CASE WHEN [lowest_id] IS NULL THEN 1 ELSE 0 END, [lowest_id] DESC, CASE WHEN [month] IS NULL THEN 1 ELSE 0 END, [month] ASC, CASE WHEN [amount] IS NULL THEN 1 ELSE 0 END, [amount] ASC, CASE WHEN [born] IS NULL THEN 1 ELSE 0 END, [born] ASC, CASE WHEN [seen] IS NULL THEN 1 ELSE 0 END, [seen] ASC, CASE WHEN [id] IS NULL THEN 1 ELSE 0 END, [id] ASC

-- show monthly_report
CREATE OR ALTER VIEW [reports].[monthly_report] AS
/* sluice cf44dcf5f219c63663abacb8356d2cb1 */
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
FROM [reports].[monthly__2] AS t
LEFT JOIN [reports].[sluice_freshness] AS f ON f.[gold_table] = N'monthly'

-- list the columns of monthly_report
SELECT CAST(c.[name] AS nvarchar(128)) AS [column] FROM sys.columns AS c
WHERE c.[object_id] IN (OBJECT_ID(N'[reports].[monthly_report]', N'V'), OBJECT_ID(N'[reports].[monthly_report]', N'U'))

-- read monthly_report
SELECT TOP (10) [month], [amount], [born], [seen], [id], [n], [smallest], [lowest_id], [is_settled] FROM [reports].[monthly_report] ORDER BY CASE WHEN [is_settled] IS NULL THEN 1 ELSE 0 END, [is_settled] DESC, CASE WHEN [month] IS NULL THEN 1 ELSE 0 END, [month] ASC, CASE WHEN [amount] IS NULL THEN 1 ELSE 0 END, [amount] ASC, CASE WHEN [born] IS NULL THEN 1 ELSE 0 END, [born] ASC, CASE WHEN [seen] IS NULL THEN 1 ELSE 0 END, [seen] ASC, CASE WHEN [id] IS NULL THEN 1 ELSE 0 END, [id] ASC

-- clear monthly
DELETE FROM [reports].[monthly__2]

-- drop a table of monthly
SET LOCK_TIMEOUT 2000;
BEGIN TRANSACTION;
DELETE FROM [reports].[sluice_old] WHERE [dataset] = N'things' AND [physical] = N'monthly__2'
    AND NOT EXISTS (SELECT 1 FROM [reports].[sluice_progress] WHERE [physical] = N'monthly__2')
    AND NOT EXISTS (SELECT 1 FROM [reports].[sluice_next] WHERE [physical] = N'monthly__2')
    AND NOT EXISTS (SELECT 1 FROM [reports].[sluice_builds] WHERE [dataset] = N'things'
    AND ([stamp] > 0 OR ([stamp] = 0 AND [hash] > N'')));
IF @@ROWCOUNT > 0
    DROP TABLE IF EXISTS [reports].[monthly__2];
COMMIT TRANSACTION;
SET LOCK_TIMEOUT 30000

-- make a temporary table for monthly
DROP TABLE IF EXISTS [#sluice_monthly__2];
CREATE TABLE [#sluice_monthly__2] (
    [month] date NOT NULL,
    [_key] binary(16) NOT NULL,
    [amount] nvarchar(max) NULL,
    [born] date NULL,
    [seen] datetime2(6) NULL,
    [id] bigint NULL,
    [n] bigint NOT NULL,
    [smallest] nvarchar(max) NULL,
    [lowest_id] bigint NULL,
    PRIMARY KEY ([month], [_key])
)

-- merge rows into monthly
DECLARE @rows bigint = (SELECT COUNT_BIG(*) FROM [#sluice_monthly__2]);
IF @rows <> 10
BEGIN
    SELECT @rows AS [rows];
    RETURN;
END;
UPDATE t SET [n] = t.[n] + d.[n],
    [smallest] = CASE WHEN t.[smallest] IS NULL OR d.[smallest] < t.[smallest] THEN d.[smallest] ELSE t.[smallest] END,
    [lowest_id] = CASE WHEN t.[lowest_id] IS NULL OR d.[lowest_id] < t.[lowest_id] THEN d.[lowest_id] ELSE t.[lowest_id] END
FROM [reports].[monthly__2] AS t
JOIN (SELECT [month], [_key], CAST([amount] AS decimal(18,2)) AS [amount], [born], [seen], [id], [n], CAST([smallest] AS decimal(18,2)) AS [smallest], [lowest_id] FROM [#sluice_monthly__2]) AS d ON t.[month] = d.[month] AND t.[_key] = d.[_key];
INSERT INTO [reports].[monthly__2] ([month], [_key], [amount], [born], [seen], [id], [n], [smallest], [lowest_id])
SELECT [month], [_key], [amount], [born], [seen], [id], [n], [smallest], [lowest_id] FROM (SELECT [month], [_key], CAST([amount] AS decimal(18,2)) AS [amount], [born], [seen], [id], [n], CAST([smallest] AS decimal(18,2)) AS [smallest], [lowest_id] FROM [#sluice_monthly__2]) AS d
WHERE NOT EXISTS (SELECT 1 FROM [reports].[monthly__2] AS t WHERE t.[month] = d.[month] AND t.[_key] = d.[_key]);
DELETE FROM [#sluice_monthly__2]

-- rename ever
EXEC sp_rename @objname = N'[reports].[ever]', @newname = N'ever__2', @objtype = N'OBJECT'

-- create ever
CREATE TABLE [reports].[ever__2] (
    [_key] binary(16) NOT NULL,
    [n] bigint NOT NULL,
    [total] decimal(38,2) NULL,
    PRIMARY KEY ([_key])
)

-- show ever
CREATE OR ALTER VIEW [reports].[ever] AS
/* sluice 8933201f1a39f9a6bd66378514f87e52 */
SELECT
    t.[_key] AS [_key],
    t.[n] AS [n],
    t.[total] AS [total]
FROM [reports].[ever__2] AS t

-- list the columns of ever
SELECT CAST(c.[name] AS nvarchar(128)) AS [column] FROM sys.columns AS c
WHERE c.[object_id] IN (OBJECT_ID(N'[reports].[ever]', N'V'), OBJECT_ID(N'[reports].[ever]', N'U'))

-- read ever
SELECT TOP (10) [n], [total] FROM [reports].[ever] ORDER BY CASE WHEN [total] IS NULL THEN 1 ELSE 0 END, [total] DESC

-- show ever_report
CREATE OR ALTER VIEW [reports].[ever_report] AS
/* sluice b8073ea5afd9b8738dea797a65c72708 */
SELECT
    t.[n] AS [n],
    t.[total] AS [total]
FROM [reports].[ever__2] AS t

-- list the columns of ever_report
SELECT CAST(c.[name] AS nvarchar(128)) AS [column] FROM sys.columns AS c
WHERE c.[object_id] IN (OBJECT_ID(N'[reports].[ever_report]', N'V'), OBJECT_ID(N'[reports].[ever_report]', N'U'))

-- read ever_report
SELECT TOP (10) [n], [total] FROM [reports].[ever_report] ORDER BY CASE WHEN [total] IS NULL THEN 1 ELSE 0 END, [total] DESC

-- clear ever
DELETE FROM [reports].[ever__2]

-- drop a table of ever
SET LOCK_TIMEOUT 2000;
BEGIN TRANSACTION;
DELETE FROM [reports].[sluice_old] WHERE [dataset] = N'things' AND [physical] = N'ever__2'
    AND NOT EXISTS (SELECT 1 FROM [reports].[sluice_progress] WHERE [physical] = N'ever__2')
    AND NOT EXISTS (SELECT 1 FROM [reports].[sluice_next] WHERE [physical] = N'ever__2')
    AND NOT EXISTS (SELECT 1 FROM [reports].[sluice_builds] WHERE [dataset] = N'things'
    AND ([stamp] > 0 OR ([stamp] = 0 AND [hash] > N'')));
IF @@ROWCOUNT > 0
    DROP TABLE IF EXISTS [reports].[ever__2];
COMMIT TRANSACTION;
SET LOCK_TIMEOUT 30000

-- make a temporary table for ever
DROP TABLE IF EXISTS [#sluice_ever__2];
CREATE TABLE [#sluice_ever__2] (
    [_key] binary(16) NOT NULL,
    [n] bigint NOT NULL,
    [total] nvarchar(max) NULL,
    PRIMARY KEY ([_key])
)

-- merge rows into ever
DECLARE @rows bigint = (SELECT COUNT_BIG(*) FROM [#sluice_ever__2]);
IF @rows <> 10
BEGIN
    SELECT @rows AS [rows];
    RETURN;
END;
DECLARE @group nvarchar(2048) = (SELECT TOP (1) N'all rows' FROM [reports].[ever__2] AS t
JOIN (SELECT [_key], [n], CAST([total] AS decimal(38,2)) AS [total] FROM [#sluice_ever__2]) AS d ON t.[_key] = d.[_key]
WHERE CASE WHEN d.[total] > 0 AND t.[total] > 0 THEN CASE WHEN t.[total] > 999999999999999999999999999999999999.99 - d.[total] THEN 1 ELSE 0 END
      WHEN d.[total] < 0 AND t.[total] < 0 THEN CASE WHEN t.[total] < -999999999999999999999999999999999999.99 - d.[total] THEN 1 ELSE 0 END
      ELSE 0 END = 1);
IF @group IS NOT NULL
    THROW 50038, @group, 1;
UPDATE t SET [n] = t.[n] + d.[n],
    [total] = CASE WHEN t.[total] IS NULL THEN d.[total] WHEN d.[total] IS NULL THEN t.[total] ELSE t.[total] + d.[total] END
FROM [reports].[ever__2] AS t
JOIN (SELECT [_key], [n], CAST([total] AS decimal(38,2)) AS [total] FROM [#sluice_ever__2]) AS d ON t.[_key] = d.[_key];
INSERT INTO [reports].[ever__2] ([_key], [n], [total])
SELECT [_key], [n], [total] FROM (SELECT [_key], [n], CAST([total] AS decimal(38,2)) AS [total] FROM [#sluice_ever__2]) AS d
WHERE NOT EXISTS (SELECT 1 FROM [reports].[ever__2] AS t WHERE t.[_key] = d.[_key]);
DELETE FROM [#sluice_ever__2]

-- rename windows
EXEC sp_rename @objname = N'[reports].[windows]', @newname = N'windows__2', @objtype = N'OBJECT'

-- create windows
CREATE TABLE [reports].[windows__2] (
    [window_start] datetime2(0) NOT NULL,
    [_key] binary(16) NOT NULL,
    [kind] nvarchar(max) NULL,
    [n] bigint NOT NULL,
    [mean_sum] decimal(38,2) NULL,
    [mean_count] bigint NOT NULL,
    PRIMARY KEY ([window_start], [_key])
)

-- show windows
CREATE OR ALTER VIEW [reports].[windows] AS
/* sluice f4d99d824d35f919bcd293f48eb9e20b */
SELECT
    t.[window_start] AS [window_start],
    t.[_key] AS [_key],
    t.[kind] AS [kind],
    t.[n] AS [n],
    t.[mean_sum] AS [mean_sum],
    t.[mean_count] AS [mean_count]
FROM [reports].[windows__2] AS t

-- list the columns of windows
SELECT CAST(c.[name] AS nvarchar(128)) AS [column] FROM sys.columns AS c
WHERE c.[object_id] IN (OBJECT_ID(N'[reports].[windows]', N'V'), OBJECT_ID(N'[reports].[windows]', N'U'))

-- read windows
SELECT TOP (10) [window_start], [kind], [n], [mean_sum], [mean_count] FROM [reports].[windows] ORDER BY CASE WHEN [mean_count] IS NULL THEN 1 ELSE 0 END, [mean_count] DESC, CASE WHEN [window_start] IS NULL THEN 1 ELSE 0 END, [window_start] ASC, CASE WHEN [kind] IS NULL THEN 1 ELSE 0 END, [kind] COLLATE Latin1_General_BIN2 ASC

-- show windows_report
CREATE OR ALTER VIEW [reports].[windows_report] AS
/* sluice 5afc5bb08f05a52600ebed055903caac */
SELECT
    t.[window_start] AS [window_start],
    DATEADD(minute, 5, t.[window_start]) AS [window_end],
    t.[kind] AS [kind],
    t.[n] AS [n],
    CAST(ROUND(CAST(t.[mean_sum] AS float) / NULLIF(t.[mean_count], 0), 6) AS float) AS [mean],
    t.[mean_sum] AS [mean_sum],
    t.[mean_count] AS [mean_count],
    CAST(CASE WHEN CAST(t.[window_start] AS datetime2(0)) < f.[settled_until] THEN 1 ELSE 0 END AS bit) AS [is_settled]
FROM [reports].[windows__2] AS t
LEFT JOIN [reports].[sluice_freshness] AS f ON f.[gold_table] = N'windows'

-- list the columns of windows_report
SELECT CAST(c.[name] AS nvarchar(128)) AS [column] FROM sys.columns AS c
WHERE c.[object_id] IN (OBJECT_ID(N'[reports].[windows_report]', N'V'), OBJECT_ID(N'[reports].[windows_report]', N'U'))

-- read windows_report
SELECT TOP (10) [window_start], [window_end], [kind], [n], [mean], [is_settled] FROM [reports].[windows_report] ORDER BY CASE WHEN [is_settled] IS NULL THEN 1 ELSE 0 END, [is_settled] DESC, CASE WHEN [window_start] IS NULL THEN 1 ELSE 0 END, [window_start] ASC, CASE WHEN [kind] IS NULL THEN 1 ELSE 0 END, [kind] COLLATE Latin1_General_BIN2 ASC

-- clear windows
DELETE FROM [reports].[windows__2]

-- drop a table of windows
SET LOCK_TIMEOUT 2000;
BEGIN TRANSACTION;
DELETE FROM [reports].[sluice_old] WHERE [dataset] = N'things' AND [physical] = N'windows__2'
    AND NOT EXISTS (SELECT 1 FROM [reports].[sluice_progress] WHERE [physical] = N'windows__2')
    AND NOT EXISTS (SELECT 1 FROM [reports].[sluice_next] WHERE [physical] = N'windows__2')
    AND NOT EXISTS (SELECT 1 FROM [reports].[sluice_builds] WHERE [dataset] = N'things'
    AND ([stamp] > 0 OR ([stamp] = 0 AND [hash] > N'')));
IF @@ROWCOUNT > 0
    DROP TABLE IF EXISTS [reports].[windows__2];
COMMIT TRANSACTION;
SET LOCK_TIMEOUT 30000

-- make a temporary table for windows
DROP TABLE IF EXISTS [#sluice_windows__2];
CREATE TABLE [#sluice_windows__2] (
    [window_start] datetime2(0) NOT NULL,
    [_key] binary(16) NOT NULL,
    [kind] nvarchar(max) NULL,
    [n] bigint NOT NULL,
    [mean_sum] nvarchar(max) NULL,
    [mean_count] bigint NOT NULL,
    PRIMARY KEY ([window_start], [_key])
)

-- merge rows into windows
DECLARE @rows bigint = (SELECT COUNT_BIG(*) FROM [#sluice_windows__2]);
IF @rows <> 10
BEGIN
    SELECT @rows AS [rows];
    RETURN;
END;
DECLARE @group nvarchar(2048) = (SELECT TOP (1) REPLACE(LEFT(CONCAT(N'window_start = ', ISNULL(CONVERT(nvarchar(200), d.[window_start], 126), N'null'), N', ', N'kind = ', ISNULL(CONVERT(nvarchar(200), d.[kind]), N'null')), 1000), N'%', N'%%') FROM [reports].[windows__2] AS t
JOIN (SELECT [window_start], [_key], [kind], [n], CAST([mean_sum] AS decimal(38,2)) AS [mean_sum], [mean_count] FROM [#sluice_windows__2]) AS d ON t.[window_start] = d.[window_start] AND t.[_key] = d.[_key]
WHERE CASE WHEN d.[mean_sum] > 0 AND t.[mean_sum] > 0 THEN CASE WHEN t.[mean_sum] > 999999999999999999999999999999999999.99 - d.[mean_sum] THEN 1 ELSE 0 END
      WHEN d.[mean_sum] < 0 AND t.[mean_sum] < 0 THEN CASE WHEN t.[mean_sum] < -999999999999999999999999999999999999.99 - d.[mean_sum] THEN 1 ELSE 0 END
      ELSE 0 END = 1);
IF @group IS NOT NULL
    THROW 50038, @group, 1;
UPDATE t SET [n] = t.[n] + d.[n],
    [mean_sum] = CASE WHEN t.[mean_sum] IS NULL THEN d.[mean_sum] WHEN d.[mean_sum] IS NULL THEN t.[mean_sum] ELSE t.[mean_sum] + d.[mean_sum] END,
    [mean_count] = t.[mean_count] + d.[mean_count]
FROM [reports].[windows__2] AS t
JOIN (SELECT [window_start], [_key], [kind], [n], CAST([mean_sum] AS decimal(38,2)) AS [mean_sum], [mean_count] FROM [#sluice_windows__2]) AS d ON t.[window_start] = d.[window_start] AND t.[_key] = d.[_key];
INSERT INTO [reports].[windows__2] ([window_start], [_key], [kind], [n], [mean_sum], [mean_count])
SELECT [window_start], [_key], [kind], [n], [mean_sum], [mean_count] FROM (SELECT [window_start], [_key], [kind], [n], CAST([mean_sum] AS decimal(38,2)) AS [mean_sum], [mean_count] FROM [#sluice_windows__2]) AS d
WHERE NOT EXISTS (SELECT 1 FROM [reports].[windows__2] AS t WHERE t.[window_start] = d.[window_start] AND t.[_key] = d.[_key]);
DELETE FROM [#sluice_windows__2]

-- rename weekly
EXEC sp_rename @objname = N'[reports].[weekly]', @newname = N'weekly__2', @objtype = N'OBJECT'

-- create weekly
CREATE TABLE [reports].[weekly__2] (
    [week] date NOT NULL,
    [_key] binary(16) NOT NULL,
    [n] bigint NOT NULL,
    PRIMARY KEY ([week], [_key])
)

-- show weekly
CREATE OR ALTER VIEW [reports].[weekly] AS
/* sluice 33ac7d5bbe588d1b211f9e4fe9cb98c0 */
SELECT
    t.[week] AS [week],
    t.[_key] AS [_key],
    t.[n] AS [n]
FROM [reports].[weekly__2] AS t

-- list the columns of weekly
SELECT CAST(c.[name] AS nvarchar(128)) AS [column] FROM sys.columns AS c
WHERE c.[object_id] IN (OBJECT_ID(N'[reports].[weekly]', N'V'), OBJECT_ID(N'[reports].[weekly]', N'U'))

-- read weekly
SELECT TOP (10) [week], [n] FROM [reports].[weekly] ORDER BY CASE WHEN [n] IS NULL THEN 1 ELSE 0 END, [n] DESC, CASE WHEN [week] IS NULL THEN 1 ELSE 0 END, [week] ASC

-- show weekly_report
CREATE OR ALTER VIEW [reports].[weekly_report] AS
/* sluice c57462108ed1111dbf05e239d3dd4d98 */
SELECT
    t.[week] AS [week],
    t.[n] AS [n],
    CAST(CASE WHEN CAST(t.[week] AS datetime2(0)) < f.[settled_until] THEN 1 ELSE 0 END AS bit) AS [is_settled]
FROM [reports].[weekly__2] AS t
LEFT JOIN [reports].[sluice_freshness] AS f ON f.[gold_table] = N'weekly'

-- list the columns of weekly_report
SELECT CAST(c.[name] AS nvarchar(128)) AS [column] FROM sys.columns AS c
WHERE c.[object_id] IN (OBJECT_ID(N'[reports].[weekly_report]', N'V'), OBJECT_ID(N'[reports].[weekly_report]', N'U'))

-- read weekly_report
SELECT TOP (10) [week], [n], [is_settled] FROM [reports].[weekly_report] ORDER BY CASE WHEN [is_settled] IS NULL THEN 1 ELSE 0 END, [is_settled] DESC, CASE WHEN [week] IS NULL THEN 1 ELSE 0 END, [week] ASC

-- clear weekly
DELETE FROM [reports].[weekly__2]

-- drop a table of weekly
SET LOCK_TIMEOUT 2000;
BEGIN TRANSACTION;
DELETE FROM [reports].[sluice_old] WHERE [dataset] = N'things' AND [physical] = N'weekly__2'
    AND NOT EXISTS (SELECT 1 FROM [reports].[sluice_progress] WHERE [physical] = N'weekly__2')
    AND NOT EXISTS (SELECT 1 FROM [reports].[sluice_next] WHERE [physical] = N'weekly__2')
    AND NOT EXISTS (SELECT 1 FROM [reports].[sluice_builds] WHERE [dataset] = N'things'
    AND ([stamp] > 0 OR ([stamp] = 0 AND [hash] > N'')));
IF @@ROWCOUNT > 0
    DROP TABLE IF EXISTS [reports].[weekly__2];
COMMIT TRANSACTION;
SET LOCK_TIMEOUT 30000

-- make a temporary table for weekly
DROP TABLE IF EXISTS [#sluice_weekly__2];
CREATE TABLE [#sluice_weekly__2] (
    [week] date NOT NULL,
    [_key] binary(16) NOT NULL,
    [n] bigint NOT NULL,
    PRIMARY KEY ([week], [_key])
)

-- merge rows into weekly
DECLARE @rows bigint = (SELECT COUNT_BIG(*) FROM [#sluice_weekly__2]);
IF @rows <> 10
BEGIN
    SELECT @rows AS [rows];
    RETURN;
END;
UPDATE t SET [n] = t.[n] + d.[n]
FROM [reports].[weekly__2] AS t
JOIN (SELECT [week], [_key], [n] FROM [#sluice_weekly__2]) AS d ON t.[week] = d.[week] AND t.[_key] = d.[_key];
INSERT INTO [reports].[weekly__2] ([week], [_key], [n])
SELECT [week], [_key], [n] FROM (SELECT [week], [_key], [n] FROM [#sluice_weekly__2]) AS d
WHERE NOT EXISTS (SELECT 1 FROM [reports].[weekly__2] AS t WHERE t.[week] = d.[week] AND t.[_key] = d.[_key]);
DELETE FROM [#sluice_weekly__2]

-- rename filtered
EXEC sp_rename @objname = N'[reports].[filtered]', @newname = N'filtered__2', @objtype = N'OBJECT'

-- create filtered
CREATE TABLE [reports].[filtered__2] (
    [day] date NOT NULL,
    [_key] binary(16) NOT NULL,
    [n] bigint NOT NULL,
    [large] bigint NOT NULL,
    [mean_sum] decimal(38,2) NULL,
    [mean_count] bigint NOT NULL,
    PRIMARY KEY ([day], [_key])
)

-- show filtered
CREATE OR ALTER VIEW [reports].[filtered] AS
/* sluice a6e65ce38c6290be01c9cc2d9f3c88cb */
SELECT
    t.[day] AS [day],
    t.[_key] AS [_key],
    t.[n] AS [n],
    t.[large] AS [large],
    t.[mean_sum] AS [mean_sum],
    t.[mean_count] AS [mean_count]
FROM [reports].[filtered__2] AS t

-- list the columns of filtered
SELECT CAST(c.[name] AS nvarchar(128)) AS [column] FROM sys.columns AS c
WHERE c.[object_id] IN (OBJECT_ID(N'[reports].[filtered]', N'V'), OBJECT_ID(N'[reports].[filtered]', N'U'))

-- read filtered
SELECT TOP (10) [day], [n], [large], [mean_sum], [mean_count] FROM [reports].[filtered] ORDER BY CASE WHEN [mean_count] IS NULL THEN 1 ELSE 0 END, [mean_count] DESC, CASE WHEN [day] IS NULL THEN 1 ELSE 0 END, [day] ASC

-- show filtered_report
CREATE OR ALTER VIEW [reports].[filtered_report] AS
/* sluice 9aa633abb760713ed46585617587c188 */
SELECT
    t.[day] AS [day],
    t.[n] AS [n],
    t.[large] AS [large],
    CAST(ROUND(CAST(t.[mean_sum] AS float) / NULLIF(t.[mean_count], 0), 6) AS float) AS [mean],
    t.[mean_sum] AS [mean_sum],
    t.[mean_count] AS [mean_count],
    CAST(CASE WHEN CAST(t.[day] AS datetime2(0)) < f.[settled_until] THEN 1 ELSE 0 END AS bit) AS [is_settled]
FROM [reports].[filtered__2] AS t
LEFT JOIN [reports].[sluice_freshness] AS f ON f.[gold_table] = N'filtered'

-- list the columns of filtered_report
SELECT CAST(c.[name] AS nvarchar(128)) AS [column] FROM sys.columns AS c
WHERE c.[object_id] IN (OBJECT_ID(N'[reports].[filtered_report]', N'V'), OBJECT_ID(N'[reports].[filtered_report]', N'U'))

-- read filtered_report
SELECT TOP (10) [day], [n], [large], [mean], [is_settled] FROM [reports].[filtered_report] ORDER BY CASE WHEN [is_settled] IS NULL THEN 1 ELSE 0 END, [is_settled] DESC, CASE WHEN [day] IS NULL THEN 1 ELSE 0 END, [day] ASC

-- clear filtered
DELETE FROM [reports].[filtered__2]

-- drop a table of filtered
SET LOCK_TIMEOUT 2000;
BEGIN TRANSACTION;
DELETE FROM [reports].[sluice_old] WHERE [dataset] = N'things' AND [physical] = N'filtered__2'
    AND NOT EXISTS (SELECT 1 FROM [reports].[sluice_progress] WHERE [physical] = N'filtered__2')
    AND NOT EXISTS (SELECT 1 FROM [reports].[sluice_next] WHERE [physical] = N'filtered__2')
    AND NOT EXISTS (SELECT 1 FROM [reports].[sluice_builds] WHERE [dataset] = N'things'
    AND ([stamp] > 0 OR ([stamp] = 0 AND [hash] > N'')));
IF @@ROWCOUNT > 0
    DROP TABLE IF EXISTS [reports].[filtered__2];
COMMIT TRANSACTION;
SET LOCK_TIMEOUT 30000

-- make a temporary table for filtered
DROP TABLE IF EXISTS [#sluice_filtered__2];
CREATE TABLE [#sluice_filtered__2] (
    [day] date NOT NULL,
    [_key] binary(16) NOT NULL,
    [n] bigint NOT NULL,
    [large] bigint NOT NULL,
    [mean_sum] nvarchar(max) NULL,
    [mean_count] bigint NOT NULL,
    PRIMARY KEY ([day], [_key])
)

-- merge rows into filtered
DECLARE @rows bigint = (SELECT COUNT_BIG(*) FROM [#sluice_filtered__2]);
IF @rows <> 10
BEGIN
    SELECT @rows AS [rows];
    RETURN;
END;
DECLARE @group nvarchar(2048) = (SELECT TOP (1) REPLACE(LEFT(CONCAT(N'day = ', ISNULL(CONVERT(nvarchar(200), d.[day], 23), N'null')), 1000), N'%', N'%%') FROM [reports].[filtered__2] AS t
JOIN (SELECT [day], [_key], [n], [large], CAST([mean_sum] AS decimal(38,2)) AS [mean_sum], [mean_count] FROM [#sluice_filtered__2]) AS d ON t.[day] = d.[day] AND t.[_key] = d.[_key]
WHERE CASE WHEN d.[mean_sum] > 0 AND t.[mean_sum] > 0 THEN CASE WHEN t.[mean_sum] > 999999999999999999999999999999999999.99 - d.[mean_sum] THEN 1 ELSE 0 END
      WHEN d.[mean_sum] < 0 AND t.[mean_sum] < 0 THEN CASE WHEN t.[mean_sum] < -999999999999999999999999999999999999.99 - d.[mean_sum] THEN 1 ELSE 0 END
      ELSE 0 END = 1);
IF @group IS NOT NULL
    THROW 50038, @group, 1;
UPDATE t SET [n] = t.[n] + d.[n],
    [large] = t.[large] + d.[large],
    [mean_sum] = CASE WHEN t.[mean_sum] IS NULL THEN d.[mean_sum] WHEN d.[mean_sum] IS NULL THEN t.[mean_sum] ELSE t.[mean_sum] + d.[mean_sum] END,
    [mean_count] = t.[mean_count] + d.[mean_count]
FROM [reports].[filtered__2] AS t
JOIN (SELECT [day], [_key], [n], [large], CAST([mean_sum] AS decimal(38,2)) AS [mean_sum], [mean_count] FROM [#sluice_filtered__2]) AS d ON t.[day] = d.[day] AND t.[_key] = d.[_key];
INSERT INTO [reports].[filtered__2] ([day], [_key], [n], [large], [mean_sum], [mean_count])
SELECT [day], [_key], [n], [large], [mean_sum], [mean_count] FROM (SELECT [day], [_key], [n], [large], CAST([mean_sum] AS decimal(38,2)) AS [mean_sum], [mean_count] FROM [#sluice_filtered__2]) AS d
WHERE NOT EXISTS (SELECT 1 FROM [reports].[filtered__2] AS t WHERE t.[day] = d.[day] AND t.[_key] = d.[_key]);
DELETE FROM [#sluice_filtered__2]

-- rename kinds
EXEC sp_rename @objname = N'[reports].[kinds]', @newname = N'kinds__2', @objtype = N'OBJECT'

-- create kinds
CREATE TABLE [reports].[kinds__2] (
    [_key] binary(16) NOT NULL,
    [kind] nvarchar(max) NULL,
    [id] bigint NULL,
    [n] bigint NOT NULL,
    [total] decimal(38,2) NULL,
    [highest] float NULL,
    [seen] datetime2(6) NULL,
    PRIMARY KEY ([_key])
)

-- show kinds
CREATE OR ALTER VIEW [reports].[kinds] AS
/* sluice 6df82a912ec96deab275ec9aed3f6427 */
SELECT
    t.[_key] AS [_key],
    t.[kind] AS [kind],
    t.[id] AS [id],
    t.[n] AS [n],
    t.[total] AS [total],
    t.[highest] AS [highest],
    t.[seen] AS [seen]
FROM [reports].[kinds__2] AS t

-- list the columns of kinds
SELECT CAST(c.[name] AS nvarchar(128)) AS [column] FROM sys.columns AS c
WHERE c.[object_id] IN (OBJECT_ID(N'[reports].[kinds]', N'V'), OBJECT_ID(N'[reports].[kinds]', N'U'))

-- read kinds
SELECT TOP (10) [kind], [id], [n], [total], [highest], [seen] FROM [reports].[kinds] ORDER BY CASE WHEN [seen] IS NULL THEN 1 ELSE 0 END, [seen] DESC, CASE WHEN [kind] IS NULL THEN 1 ELSE 0 END, [kind] COLLATE Latin1_General_BIN2 ASC, CASE WHEN [id] IS NULL THEN 1 ELSE 0 END, [id] ASC

-- show kinds_report
CREATE OR ALTER VIEW [reports].[kinds_report] AS
/* sluice 7521657868eb1476c80c271f29825904 */
SELECT
    t.[kind] AS [kind],
    t.[id] AS [id],
    t.[n] AS [n],
    t.[total] AS [total],
    t.[highest] AS [highest],
    t.[seen] AS [seen]
FROM [reports].[kinds__2] AS t

-- list the columns of kinds_report
SELECT CAST(c.[name] AS nvarchar(128)) AS [column] FROM sys.columns AS c
WHERE c.[object_id] IN (OBJECT_ID(N'[reports].[kinds_report]', N'V'), OBJECT_ID(N'[reports].[kinds_report]', N'U'))

-- read kinds_report
SELECT TOP (10) [kind], [id], [n], [total], [highest], [seen] FROM [reports].[kinds_report] ORDER BY CASE WHEN [seen] IS NULL THEN 1 ELSE 0 END, [seen] DESC, CASE WHEN [kind] IS NULL THEN 1 ELSE 0 END, [kind] COLLATE Latin1_General_BIN2 ASC, CASE WHEN [id] IS NULL THEN 1 ELSE 0 END, [id] ASC

-- show by_kind
CREATE OR ALTER VIEW [reports].[by_kind] AS
/* sluice eedfe47d45ac159aff6d120638b3fcb7 */
SELECT
    t.[kind] COLLATE Latin1_General_BIN2 AS [kind],
    COUNT_BIG(*) AS [rows],
    SUM(CAST(t.[n] AS decimal(38,0))) AS [n],
    SUM(t.[total]) AS [total],
    CAST(ROUND(CAST(SUM(t.[total]) AS float) / NULLIF(COUNT_BIG(t.[total]), 0), 6) AS float) AS [mean],
    min(t.[highest]) AS [lowest],
    max(t.[seen]) AS [seen]
FROM [reports].[kinds__2] AS t
GROUP BY t.[kind] COLLATE Latin1_General_BIN2, DATALENGTH(t.[kind])

-- list the columns of by_kind
SELECT CAST(c.[name] AS nvarchar(128)) AS [column] FROM sys.columns AS c
WHERE c.[object_id] IN (OBJECT_ID(N'[reports].[by_kind]', N'V'), OBJECT_ID(N'[reports].[by_kind]', N'U'))

-- read by_kind
SELECT TOP (10) [kind], [rows], [n], [total], [mean], [lowest], [seen] FROM [reports].[by_kind] ORDER BY CASE WHEN [seen] IS NULL THEN 1 ELSE 0 END, [seen] DESC, CASE WHEN [kind] IS NULL THEN 1 ELSE 0 END, [kind] COLLATE Latin1_General_BIN2 ASC

-- show all_kinds
CREATE OR ALTER VIEW [reports].[all_kinds] AS
/* sluice b0d4e4714daabfc78e78b2fe5b7659ac */
SELECT
    max(t.[total]) AS [largest],
    CAST(ROUND(CAST(SUM(CAST(t.[n] AS decimal(38,0))) AS float) / NULLIF(COUNT_BIG(t.[n]), 0), 6) AS float) AS [mean_n]
FROM [reports].[kinds__2] AS t

-- list the columns of all_kinds
SELECT CAST(c.[name] AS nvarchar(128)) AS [column] FROM sys.columns AS c
WHERE c.[object_id] IN (OBJECT_ID(N'[reports].[all_kinds]', N'V'), OBJECT_ID(N'[reports].[all_kinds]', N'U'))

-- read all_kinds
SELECT TOP (10) [largest], [mean_n] FROM [reports].[all_kinds] ORDER BY CASE WHEN [mean_n] IS NULL THEN 1 ELSE 0 END, [mean_n] DESC

-- clear kinds
DELETE FROM [reports].[kinds__2]

-- drop a table of kinds
SET LOCK_TIMEOUT 2000;
BEGIN TRANSACTION;
DELETE FROM [reports].[sluice_old] WHERE [dataset] = N'things' AND [physical] = N'kinds__2'
    AND NOT EXISTS (SELECT 1 FROM [reports].[sluice_progress] WHERE [physical] = N'kinds__2')
    AND NOT EXISTS (SELECT 1 FROM [reports].[sluice_next] WHERE [physical] = N'kinds__2')
    AND NOT EXISTS (SELECT 1 FROM [reports].[sluice_builds] WHERE [dataset] = N'things'
    AND ([stamp] > 0 OR ([stamp] = 0 AND [hash] > N'')));
IF @@ROWCOUNT > 0
    DROP TABLE IF EXISTS [reports].[kinds__2];
COMMIT TRANSACTION;
SET LOCK_TIMEOUT 30000

-- make a temporary table for kinds
DROP TABLE IF EXISTS [#sluice_kinds__2];
CREATE TABLE [#sluice_kinds__2] (
    [_key] binary(16) NOT NULL,
    [kind] nvarchar(max) NULL,
    [id] bigint NULL,
    [n] bigint NOT NULL,
    [total] nvarchar(max) NULL,
    [highest] float NULL,
    [seen] datetime2(6) NULL,
    PRIMARY KEY ([_key])
)

-- merge rows into kinds
DECLARE @rows bigint = (SELECT COUNT_BIG(*) FROM [#sluice_kinds__2]);
IF @rows <> 10
BEGIN
    SELECT @rows AS [rows];
    RETURN;
END;
DECLARE @group nvarchar(2048) = (SELECT TOP (1) REPLACE(LEFT(CONCAT(N'kind = ', ISNULL(CONVERT(nvarchar(200), d.[kind]), N'null'), N', ', N'id = ', ISNULL(CONVERT(nvarchar(200), d.[id]), N'null')), 1000), N'%', N'%%') FROM [reports].[kinds__2] AS t
JOIN (SELECT [_key], [kind], [id], [n], CAST([total] AS decimal(38,2)) AS [total], [highest], [seen] FROM [#sluice_kinds__2]) AS d ON t.[_key] = d.[_key]
WHERE CASE WHEN d.[total] > 0 AND t.[total] > 0 THEN CASE WHEN t.[total] > 999999999999999999999999999999999999.99 - d.[total] THEN 1 ELSE 0 END
      WHEN d.[total] < 0 AND t.[total] < 0 THEN CASE WHEN t.[total] < -999999999999999999999999999999999999.99 - d.[total] THEN 1 ELSE 0 END
      ELSE 0 END = 1);
IF @group IS NOT NULL
    THROW 50038, @group, 1;
UPDATE t SET [n] = t.[n] + d.[n],
    [total] = CASE WHEN t.[total] IS NULL THEN d.[total] WHEN d.[total] IS NULL THEN t.[total] ELSE t.[total] + d.[total] END,
    [highest] = CASE WHEN t.[highest] IS NULL OR d.[highest] > t.[highest] THEN d.[highest] ELSE t.[highest] END,
    [seen] = CASE WHEN t.[seen] IS NULL OR d.[seen] > t.[seen] THEN d.[seen] ELSE t.[seen] END
FROM [reports].[kinds__2] AS t
JOIN (SELECT [_key], [kind], [id], [n], CAST([total] AS decimal(38,2)) AS [total], [highest], [seen] FROM [#sluice_kinds__2]) AS d ON t.[_key] = d.[_key];
INSERT INTO [reports].[kinds__2] ([_key], [kind], [id], [n], [total], [highest], [seen])
SELECT [_key], [kind], [id], [n], [total], [highest], [seen] FROM (SELECT [_key], [kind], [id], [n], CAST([total] AS decimal(38,2)) AS [total], [highest], [seen] FROM [#sluice_kinds__2]) AS d
WHERE NOT EXISTS (SELECT 1 FROM [reports].[kinds__2] AS t WHERE t.[_key] = d.[_key]);
DELETE FROM [#sluice_kinds__2]

-- rename local_days
EXEC sp_rename @objname = N'[reports].[local_days]', @newname = N'local_days__2', @objtype = N'OBJECT'

-- create local_days
CREATE TABLE [reports].[local_days__2] (
    [day] date NOT NULL,
    [_key] binary(16) NOT NULL,
    [kind] nvarchar(max) NULL,
    [n] bigint NOT NULL,
    [total] decimal(38,2) NULL,
    PRIMARY KEY ([day], [_key])
)

-- show local_days
CREATE OR ALTER VIEW [reports].[local_days] AS
/* sluice d31407a7c5f0f60be0a48b453f102f7a */
SELECT
    t.[day] AS [day],
    t.[_key] AS [_key],
    t.[kind] AS [kind],
    t.[n] AS [n],
    t.[total] AS [total]
FROM [reports].[local_days__2] AS t

-- list the columns of local_days
SELECT CAST(c.[name] AS nvarchar(128)) AS [column] FROM sys.columns AS c
WHERE c.[object_id] IN (OBJECT_ID(N'[reports].[local_days]', N'V'), OBJECT_ID(N'[reports].[local_days]', N'U'))

-- read local_days
SELECT TOP (10) [day], [kind], [n], [total] FROM [reports].[local_days] ORDER BY CASE WHEN [total] IS NULL THEN 1 ELSE 0 END, [total] DESC, CASE WHEN [day] IS NULL THEN 1 ELSE 0 END, [day] ASC, CASE WHEN [kind] IS NULL THEN 1 ELSE 0 END, [kind] COLLATE Latin1_General_BIN2 ASC

-- show local_days_report
CREATE OR ALTER VIEW [reports].[local_days_report] AS
/* sluice 8c746b79adcdb14ad897b347707e5397 */
SELECT
    t.[day] AS [day],
    t.[kind] AS [kind],
    t.[n] AS [n],
    t.[total] AS [total],
    CAST(CASE WHEN CAST(t.[day] AS datetime2(0)) < f.[settled_until] THEN 1 ELSE 0 END AS bit) AS [is_settled]
FROM [reports].[local_days__2] AS t
LEFT JOIN [reports].[sluice_freshness] AS f ON f.[gold_table] = N'local_days'

-- list the columns of local_days_report
SELECT CAST(c.[name] AS nvarchar(128)) AS [column] FROM sys.columns AS c
WHERE c.[object_id] IN (OBJECT_ID(N'[reports].[local_days_report]', N'V'), OBJECT_ID(N'[reports].[local_days_report]', N'U'))

-- read local_days_report
SELECT TOP (10) [day], [kind], [n], [total], [is_settled] FROM [reports].[local_days_report] ORDER BY CASE WHEN [is_settled] IS NULL THEN 1 ELSE 0 END, [is_settled] DESC, CASE WHEN [day] IS NULL THEN 1 ELSE 0 END, [day] ASC, CASE WHEN [kind] IS NULL THEN 1 ELSE 0 END, [kind] COLLATE Latin1_General_BIN2 ASC

-- clear local_days
DELETE FROM [reports].[local_days__2]

-- drop a table of local_days
SET LOCK_TIMEOUT 2000;
BEGIN TRANSACTION;
DELETE FROM [reports].[sluice_old] WHERE [dataset] = N'things' AND [physical] = N'local_days__2'
    AND NOT EXISTS (SELECT 1 FROM [reports].[sluice_progress] WHERE [physical] = N'local_days__2')
    AND NOT EXISTS (SELECT 1 FROM [reports].[sluice_next] WHERE [physical] = N'local_days__2')
    AND NOT EXISTS (SELECT 1 FROM [reports].[sluice_builds] WHERE [dataset] = N'things'
    AND ([stamp] > 0 OR ([stamp] = 0 AND [hash] > N'')));
IF @@ROWCOUNT > 0
    DROP TABLE IF EXISTS [reports].[local_days__2];
COMMIT TRANSACTION;
SET LOCK_TIMEOUT 30000

-- make a temporary table for local_days
DROP TABLE IF EXISTS [#sluice_local_days__2];
CREATE TABLE [#sluice_local_days__2] (
    [day] date NOT NULL,
    [_key] binary(16) NOT NULL,
    [kind] nvarchar(max) NULL,
    [n] bigint NOT NULL,
    [total] nvarchar(max) NULL,
    PRIMARY KEY ([day], [_key])
)

-- merge rows into local_days
DECLARE @rows bigint = (SELECT COUNT_BIG(*) FROM [#sluice_local_days__2]);
IF @rows <> 10
BEGIN
    SELECT @rows AS [rows];
    RETURN;
END;
DECLARE @group nvarchar(2048) = (SELECT TOP (1) REPLACE(LEFT(CONCAT(N'day = ', ISNULL(CONVERT(nvarchar(200), d.[day], 23), N'null'), N', ', N'kind = ', ISNULL(CONVERT(nvarchar(200), d.[kind]), N'null')), 1000), N'%', N'%%') FROM [reports].[local_days__2] AS t
JOIN (SELECT [day], [_key], [kind], [n], CAST([total] AS decimal(38,2)) AS [total] FROM [#sluice_local_days__2]) AS d ON t.[day] = d.[day] AND t.[_key] = d.[_key]
WHERE CASE WHEN d.[total] > 0 AND t.[total] > 0 THEN CASE WHEN t.[total] > 999999999999999999999999999999999999.99 - d.[total] THEN 1 ELSE 0 END
      WHEN d.[total] < 0 AND t.[total] < 0 THEN CASE WHEN t.[total] < -999999999999999999999999999999999999.99 - d.[total] THEN 1 ELSE 0 END
      ELSE 0 END = 1);
IF @group IS NOT NULL
    THROW 50038, @group, 1;
UPDATE t SET [n] = t.[n] + d.[n],
    [total] = CASE WHEN t.[total] IS NULL THEN d.[total] WHEN d.[total] IS NULL THEN t.[total] ELSE t.[total] + d.[total] END
FROM [reports].[local_days__2] AS t
JOIN (SELECT [day], [_key], [kind], [n], CAST([total] AS decimal(38,2)) AS [total] FROM [#sluice_local_days__2]) AS d ON t.[day] = d.[day] AND t.[_key] = d.[_key];
INSERT INTO [reports].[local_days__2] ([day], [_key], [kind], [n], [total])
SELECT [day], [_key], [kind], [n], [total] FROM (SELECT [day], [_key], [kind], [n], CAST([total] AS decimal(38,2)) AS [total] FROM [#sluice_local_days__2]) AS d
WHERE NOT EXISTS (SELECT 1 FROM [reports].[local_days__2] AS t WHERE t.[day] = d.[day] AND t.[_key] = d.[_key]);
DELETE FROM [#sluice_local_days__2]

-- rename overlapping
EXEC sp_rename @objname = N'[reports].[overlapping]', @newname = N'overlapping__2', @objtype = N'OBJECT'

-- create overlapping
CREATE TABLE [reports].[overlapping__2] (
    [window_start] datetime2(0) NOT NULL,
    [_key] binary(16) NOT NULL,
    [kind] nvarchar(max) NULL,
    [n] bigint NOT NULL,
    [mean_sum] decimal(38,2) NULL,
    [mean_count] bigint NOT NULL,
    PRIMARY KEY ([window_start], [_key])
)

-- show overlapping
CREATE OR ALTER VIEW [reports].[overlapping] AS
/* sluice f4d99d824d35f919bcd293f48eb9e20b */
SELECT
    t.[window_start] AS [window_start],
    t.[_key] AS [_key],
    t.[kind] AS [kind],
    t.[n] AS [n],
    t.[mean_sum] AS [mean_sum],
    t.[mean_count] AS [mean_count]
FROM [reports].[overlapping__2] AS t

-- list the columns of overlapping
SELECT CAST(c.[name] AS nvarchar(128)) AS [column] FROM sys.columns AS c
WHERE c.[object_id] IN (OBJECT_ID(N'[reports].[overlapping]', N'V'), OBJECT_ID(N'[reports].[overlapping]', N'U'))

-- read overlapping
SELECT TOP (10) [window_start], [kind], [n], [mean_sum], [mean_count] FROM [reports].[overlapping] ORDER BY CASE WHEN [mean_count] IS NULL THEN 1 ELSE 0 END, [mean_count] DESC, CASE WHEN [window_start] IS NULL THEN 1 ELSE 0 END, [window_start] ASC, CASE WHEN [kind] IS NULL THEN 1 ELSE 0 END, [kind] COLLATE Latin1_General_BIN2 ASC

-- show overlapping_report
CREATE OR ALTER VIEW [reports].[overlapping_report] AS
/* sluice 6dc102429836741394983cbc7a867e15 */
SELECT
    t.[window_start] AS [window_start],
    DATEADD(minute, 30, t.[window_start]) AS [window_end],
    t.[kind] AS [kind],
    t.[n] AS [n],
    CAST(ROUND(CAST(t.[mean_sum] AS float) / NULLIF(t.[mean_count], 0), 6) AS float) AS [mean],
    t.[mean_sum] AS [mean_sum],
    t.[mean_count] AS [mean_count],
    CAST(CASE WHEN CAST(t.[window_start] AS datetime2(0)) < f.[settled_until] THEN 1 ELSE 0 END AS bit) AS [is_settled]
FROM [reports].[overlapping__2] AS t
LEFT JOIN [reports].[sluice_freshness] AS f ON f.[gold_table] = N'overlapping'

-- list the columns of overlapping_report
SELECT CAST(c.[name] AS nvarchar(128)) AS [column] FROM sys.columns AS c
WHERE c.[object_id] IN (OBJECT_ID(N'[reports].[overlapping_report]', N'V'), OBJECT_ID(N'[reports].[overlapping_report]', N'U'))

-- read overlapping_report
SELECT TOP (10) [window_start], [window_end], [kind], [n], [mean], [is_settled] FROM [reports].[overlapping_report] ORDER BY CASE WHEN [is_settled] IS NULL THEN 1 ELSE 0 END, [is_settled] DESC, CASE WHEN [window_start] IS NULL THEN 1 ELSE 0 END, [window_start] ASC, CASE WHEN [kind] IS NULL THEN 1 ELSE 0 END, [kind] COLLATE Latin1_General_BIN2 ASC

-- clear overlapping
DELETE FROM [reports].[overlapping__2]

-- drop a table of overlapping
SET LOCK_TIMEOUT 2000;
BEGIN TRANSACTION;
DELETE FROM [reports].[sluice_old] WHERE [dataset] = N'things' AND [physical] = N'overlapping__2'
    AND NOT EXISTS (SELECT 1 FROM [reports].[sluice_progress] WHERE [physical] = N'overlapping__2')
    AND NOT EXISTS (SELECT 1 FROM [reports].[sluice_next] WHERE [physical] = N'overlapping__2')
    AND NOT EXISTS (SELECT 1 FROM [reports].[sluice_builds] WHERE [dataset] = N'things'
    AND ([stamp] > 0 OR ([stamp] = 0 AND [hash] > N'')));
IF @@ROWCOUNT > 0
    DROP TABLE IF EXISTS [reports].[overlapping__2];
COMMIT TRANSACTION;
SET LOCK_TIMEOUT 30000

-- make a temporary table for overlapping
DROP TABLE IF EXISTS [#sluice_overlapping__2];
CREATE TABLE [#sluice_overlapping__2] (
    [window_start] datetime2(0) NOT NULL,
    [_key] binary(16) NOT NULL,
    [kind] nvarchar(max) NULL,
    [n] bigint NOT NULL,
    [mean_sum] nvarchar(max) NULL,
    [mean_count] bigint NOT NULL,
    PRIMARY KEY ([window_start], [_key])
)

-- remove what is too old of overlapping
DELETE TOP (10000) FROM [reports].[overlapping__2] WHERE [window_start] < CAST(N'1970-01-01T00:00:00' AS datetime2(0))

-- merge rows into overlapping
DECLARE @rows bigint = (SELECT COUNT_BIG(*) FROM [#sluice_overlapping__2]);
IF @rows <> 10
BEGIN
    SELECT @rows AS [rows];
    RETURN;
END;
DECLARE @group nvarchar(2048) = (SELECT TOP (1) REPLACE(LEFT(CONCAT(N'window_start = ', ISNULL(CONVERT(nvarchar(200), d.[window_start], 126), N'null'), N', ', N'kind = ', ISNULL(CONVERT(nvarchar(200), d.[kind]), N'null')), 1000), N'%', N'%%') FROM [reports].[overlapping__2] AS t
JOIN (SELECT [window_start], [_key], [kind], [n], CAST([mean_sum] AS decimal(38,2)) AS [mean_sum], [mean_count] FROM [#sluice_overlapping__2]) AS d ON t.[window_start] = d.[window_start] AND t.[_key] = d.[_key]
WHERE CASE WHEN d.[mean_sum] > 0 AND t.[mean_sum] > 0 THEN CASE WHEN t.[mean_sum] > 999999999999999999999999999999999999.99 - d.[mean_sum] THEN 1 ELSE 0 END
      WHEN d.[mean_sum] < 0 AND t.[mean_sum] < 0 THEN CASE WHEN t.[mean_sum] < -999999999999999999999999999999999999.99 - d.[mean_sum] THEN 1 ELSE 0 END
      ELSE 0 END = 1);
IF @group IS NOT NULL
    THROW 50038, @group, 1;
UPDATE t SET [n] = t.[n] + d.[n],
    [mean_sum] = CASE WHEN t.[mean_sum] IS NULL THEN d.[mean_sum] WHEN d.[mean_sum] IS NULL THEN t.[mean_sum] ELSE t.[mean_sum] + d.[mean_sum] END,
    [mean_count] = t.[mean_count] + d.[mean_count]
FROM [reports].[overlapping__2] AS t
JOIN (SELECT [window_start], [_key], [kind], [n], CAST([mean_sum] AS decimal(38,2)) AS [mean_sum], [mean_count] FROM [#sluice_overlapping__2]) AS d ON t.[window_start] = d.[window_start] AND t.[_key] = d.[_key];
INSERT INTO [reports].[overlapping__2] ([window_start], [_key], [kind], [n], [mean_sum], [mean_count])
SELECT [window_start], [_key], [kind], [n], [mean_sum], [mean_count] FROM (SELECT [window_start], [_key], [kind], [n], CAST([mean_sum] AS decimal(38,2)) AS [mean_sum], [mean_count] FROM [#sluice_overlapping__2]) AS d
WHERE NOT EXISTS (SELECT 1 FROM [reports].[overlapping__2] AS t WHERE t.[window_start] = d.[window_start] AND t.[_key] = d.[_key]);
DELETE FROM [#sluice_overlapping__2]

