-- open a session
SET XACT_ABORT ON; SET LOCK_TIMEOUT 30000

-- probe
SELECT 1 AS [alive]

-- look
SELECT N'columns' AS [part], CAST(o.[name] AS nvarchar(128)) AS [object], CAST(o.[type] AS nvarchar(2)) AS [kind],
    CAST(c.[name] AS nvarchar(128)) AS [column], CAST(y.[name] AS nvarchar(128)) AS [type],
    CAST(c.[max_length] AS int) AS [length], CAST(c.[precision] AS int) AS [precision],
    CAST(c.[scale] AS int) AS [scale], CAST(c.[is_nullable] AS int) AS [nullable],
    CASE WHEN k.[column_id] IS NULL THEN 0 ELSE 1 END AS [key]
FROM sys.objects AS o
JOIN sys.schemas AS s ON s.[schema_id] = o.[schema_id]
JOIN sys.columns AS c ON c.[object_id] = o.[object_id]
JOIN sys.types AS y ON y.[user_type_id] = c.[user_type_id]
LEFT JOIN (SELECT i.[object_id], x.[column_id] FROM sys.indexes AS i
    JOIN sys.index_columns AS x ON x.[object_id] = i.[object_id] AND x.[index_id] = i.[index_id]
    WHERE i.[is_primary_key] = 1 AND x.[key_ordinal] > 0) AS k ON k.[object_id] = c.[object_id] AND k.[column_id] = c.[column_id]
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
IF OBJECT_ID(N'[reports].[sluice_builds]', N'U') IS NOT NULL
    SELECT N'sluice_builds' AS [part], b.* FROM [reports].[sluice_builds] AS b;
IF OBJECT_ID(N'[reports].[sluice_old]', N'U') IS NOT NULL
    SELECT N'sluice_old' AS [part], b.* FROM [reports].[sluice_old] AS b

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
INSERT INTO [reports].[sluice_progress] ([gold_table], [dataset], [log], [generation], [definition], [version], [physical], [n])
SELECT @P6, @P1, NULLIF(@P7, N''), @P8, @P9, @P10, NULLIF(@P11, N''), @P12
WHERE NOT EXISTS (SELECT 1 FROM [reports].[sluice_progress] WHERE [gold_table] = @P6);
IF @@ROWCOUNT = 0
BEGIN
    SELECT 1 AS [outcome];
    RETURN;
END;
UPDATE [reports].[sluice_freshness] SET [dataset] = @P1, [watermark] = CAST(NULLIF(@P5, N'') AS datetime2(6)), [settled_until] = CAST(NULLIF(@P19, N'') AS datetime2(0)), [version] = @P10, [last_run] = CAST(NULLIF(@P4, N'') AS datetime2(6)), [state] = N'live', [reason] = NULL, [blocked_version] = NULL, [blocked_definition] = NULL, [blocked_stamp] = NULL, [blocked_at] = NULL
WHERE [gold_table] = @P6;
IF @@ROWCOUNT = 0
INSERT INTO [reports].[sluice_freshness] ([gold_table], [dataset], [watermark], [settled_until], [version], [last_run], [state])
VALUES (@P6, @P1, CAST(NULLIF(@P5, N'') AS datetime2(6)), CAST(NULLIF(@P19, N'') AS datetime2(0)), @P10, CAST(NULLIF(@P4, N'') AS datetime2(6)), N'live');
UPDATE [reports].[sluice_progress] SET [dataset] = @P1, [log] = NULLIF(@P21, N''), [generation] = @P22, [definition] = @P23, [version] = @P24, [physical] = NULLIF(@P25, N''), [n] = @P26
WHERE [gold_table] = @P20 AND ISNULL([dataset], @P1) = @P1 AND ISNULL([log], N'') = @P27 AND [generation] = @P28 AND [definition] = @P29 AND [version] = @P30 AND ISNULL([physical], N'') = @P31 AND ISNULL([n], 0) = @P32;
IF @@ROWCOUNT = 0
BEGIN
    SELECT 1 AS [outcome];
    RETURN;
END;
UPDATE [reports].[sluice_freshness] SET [dataset] = @P1, [watermark] = CAST(NULLIF(@P5, N'') AS datetime2(6)), [settled_until] = CASE WHEN CAST(NULLIF(@P33, N'') AS datetime2(0)) IS NULL OR [settled_until] > CAST(NULLIF(@P33, N'') AS datetime2(0)) THEN [settled_until] ELSE CAST(NULLIF(@P33, N'') AS datetime2(0)) END, [version] = @P24, [last_run] = CAST(NULLIF(@P4, N'') AS datetime2(6)), [state] = N'live', [reason] = NULL, [blocked_version] = NULL, [blocked_definition] = NULL, [blocked_stamp] = NULL, [blocked_at] = NULL
WHERE [gold_table] = @P20;
IF @@ROWCOUNT = 0
INSERT INTO [reports].[sluice_freshness] ([gold_table], [dataset], [watermark], [settled_until], [version], [last_run], [state])
VALUES (@P20, @P1, CAST(NULLIF(@P5, N'') AS datetime2(6)), CAST(NULLIF(@P33, N'') AS datetime2(0)), @P24, CAST(NULLIF(@P4, N'') AS datetime2(6)), N'live');
UPDATE [reports].[sluice_progress] SET [dataset] = @P1, [log] = NULLIF(@P35, N''), [generation] = @P36, [definition] = @P37, [version] = @P38, [physical] = NULLIF(@P39, N''), [n] = @P40
WHERE [gold_table] = @P34 AND ISNULL([dataset], @P1) = @P1 AND ISNULL([log], N'') = @P41 AND [generation] = @P42 AND [definition] = @P43 AND [version] = @P44 AND ISNULL([physical], N'') = @P45 AND ISNULL([n], 0) = @P46;
IF @@ROWCOUNT = 0
BEGIN
    SELECT 1 AS [outcome];
    RETURN;
END;
UPDATE [reports].[sluice_freshness] SET [dataset] = @P1, [watermark] = CAST(NULLIF(@P5, N'') AS datetime2(6)), [settled_until] = CAST(NULLIF(@P47, N'') AS datetime2(0)), [version] = @P38, [last_run] = CAST(NULLIF(@P4, N'') AS datetime2(6)), [state] = N'live', [reason] = NULL, [blocked_version] = NULL, [blocked_definition] = NULL, [blocked_stamp] = NULL, [blocked_at] = NULL
WHERE [gold_table] = @P34;
IF @@ROWCOUNT = 0
INSERT INTO [reports].[sluice_freshness] ([gold_table], [dataset], [watermark], [settled_until], [version], [last_run], [state])
VALUES (@P34, @P1, CAST(NULLIF(@P5, N'') AS datetime2(6)), CAST(NULLIF(@P47, N'') AS datetime2(0)), @P38, CAST(NULLIF(@P4, N'') AS datetime2(6)), N'live');
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

-- read sluice_builds
SELECT b.* FROM [reports].[sluice_builds] AS b

-- read sluice_old
SELECT b.* FROM [reports].[sluice_old] AS b

-- rename hourly
EXEC sp_rename @objname = N'[reports].[hourly]', @newname = N'hourly__2'

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

-- read hourly
SELECT TOP (10) [hour], [n], [total], [mean_sum], [mean_count], [low], [high], [first], [last], [ids], [mean_id_sum], [mean_id_count] FROM [reports].[hourly] ORDER BY CASE WHEN [mean_id_count] IS NULL THEN 1 ELSE 0 END, [mean_id_count] DESC

-- show hourly_report
CREATE OR ALTER VIEW [reports].[hourly_report] AS
/* sluice db9dd698387d1fa47cdc05a73497406f */
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
    CAST(CASE WHEN CAST(t.[hour] AS datetime2(0)) < f.[settled_until] THEN 1 ELSE 0 END AS bit) AS [is_settled]
FROM [reports].[hourly__2] AS t
LEFT JOIN [reports].[sluice_freshness] AS f ON f.[gold_table] = N'hourly'

-- read hourly_report
SELECT TOP (10) [hour], [n], [total], [mean], [low], [high], [first], [last], [ids], [mean_id], [is_settled] FROM [reports].[hourly_report] ORDER BY CASE WHEN [is_settled] IS NULL THEN 1 ELSE 0 END, [is_settled] DESC

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

-- read best_hours
SELECT TOP (10) [rank], [hour], [n], [total], [mean], [low], [high], [first], [last], [ids], [mean_id] FROM [reports].[best_hours] ORDER BY CASE WHEN [mean_id] IS NULL THEN 1 ELSE 0 END, [mean_id] DESC

-- clear hourly
DELETE FROM [reports].[hourly__2]

-- drop a table of hourly
SET LOCK_TIMEOUT 2000;
BEGIN TRANSACTION;
DELETE FROM [reports].[sluice_old] WHERE [dataset] = N'things' AND [physical] = N'hourly__2'
    AND NOT EXISTS (SELECT 1 FROM [reports].[sluice_progress] WHERE [physical] = N'hourly__2')
    AND NOT EXISTS (SELECT 1 FROM [reports].[sluice_builds] WHERE [dataset] = N'things'
    AND ([stamp] > 0 OR ([stamp] = 0 AND [hash] > N'')));
IF @@ROWCOUNT > 0
    DROP TABLE IF EXISTS [reports].[hourly__2];
COMMIT TRANSACTION;
SET LOCK_TIMEOUT 30000

-- make a temporary table for hourly
DROP TABLE IF EXISTS [#sluice_delta_0];
CREATE TABLE [#sluice_delta_0] (
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
DECLARE @rows bigint = (SELECT COUNT_BIG(*) FROM [#sluice_delta_0]);
IF @rows <> 10
BEGIN
    SELECT @rows AS [rows];
    RETURN;
END;
IF EXISTS (SELECT 1 FROM [reports].[hourly__2] AS t
JOIN (SELECT [hour], [_key], [n], CAST([total] AS decimal(38,2)) AS [total], CAST([mean_sum] AS decimal(38,2)) AS [mean_sum], [mean_count], [low], [high], [first], [last], CAST([ids] AS decimal(38,0)) AS [ids], CAST([mean_id_sum] AS decimal(38,0)) AS [mean_id_sum], [mean_id_count] FROM [#sluice_delta_0]) AS d ON t.[hour] = d.[hour] AND t.[_key] = d.[_key]
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
      ELSE 0 END = 1)
    THROW 50038, N'a sum has more than 38 digits', 1;
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
JOIN (SELECT [hour], [_key], [n], CAST([total] AS decimal(38,2)) AS [total], CAST([mean_sum] AS decimal(38,2)) AS [mean_sum], [mean_count], [low], [high], [first], [last], CAST([ids] AS decimal(38,0)) AS [ids], CAST([mean_id_sum] AS decimal(38,0)) AS [mean_id_sum], [mean_id_count] FROM [#sluice_delta_0]) AS d ON t.[hour] = d.[hour] AND t.[_key] = d.[_key];
INSERT INTO [reports].[hourly__2] ([hour], [_key], [n], [total], [mean_sum], [mean_count], [low], [high], [first], [last], [ids], [mean_id_sum], [mean_id_count])
SELECT [hour], [_key], [n], [total], [mean_sum], [mean_count], [low], [high], [first], [last], [ids], [mean_id_sum], [mean_id_count] FROM (SELECT [hour], [_key], [n], CAST([total] AS decimal(38,2)) AS [total], CAST([mean_sum] AS decimal(38,2)) AS [mean_sum], [mean_count], [low], [high], [first], [last], CAST([ids] AS decimal(38,0)) AS [ids], CAST([mean_id_sum] AS decimal(38,0)) AS [mean_id_sum], [mean_id_count] FROM [#sluice_delta_0]) AS d
WHERE NOT EXISTS (SELECT 1 FROM [reports].[hourly__2] AS t WHERE t.[hour] = d.[hour] AND t.[_key] = d.[_key]);
DELETE FROM [#sluice_delta_0]

-- rename daily
EXEC sp_rename @objname = N'[reports].[daily]', @newname = N'daily__2'

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

-- read daily
SELECT TOP (10) [day], [kind], [flag], [n], [total], [largest] FROM [reports].[daily] ORDER BY CASE WHEN [largest] IS NULL THEN 1 ELSE 0 END, [largest] DESC

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

-- read daily_report
SELECT TOP (10) [day], [kind], [flag], [n], [total], [largest], [is_settled] FROM [reports].[daily_report] ORDER BY CASE WHEN [is_settled] IS NULL THEN 1 ELSE 0 END, [is_settled] DESC

-- show best_kinds
CREATE OR ALTER VIEW [reports].[best_kinds] AS
/* sluice 023b08b3f5d2b99bffe6026a77b41d7e */
SELECT TOP (3)
    row_number() OVER (ORDER BY CASE WHEN t.[total] IS NULL THEN 1 ELSE 0 END, t.[total] DESC, t.[kind] COLLATE Latin1_General_BIN2, t.[flag], t.[day], t.[_key]) AS [rank],
    t.[day] AS [day],
    t.[kind] AS [kind],
    t.[flag] AS [flag],
    t.[n] AS [n],
    t.[total] AS [total],
    t.[largest] AS [largest]
FROM [reports].[daily__2] AS t
ORDER BY [rank]

-- read best_kinds
SELECT TOP (10) [rank], [day], [kind], [flag], [n], [total], [largest] FROM [reports].[best_kinds] ORDER BY CASE WHEN [largest] IS NULL THEN 1 ELSE 0 END, [largest] DESC

-- clear daily
DELETE FROM [reports].[daily__2]

-- drop a table of daily
SET LOCK_TIMEOUT 2000;
BEGIN TRANSACTION;
DELETE FROM [reports].[sluice_old] WHERE [dataset] = N'things' AND [physical] = N'daily__2'
    AND NOT EXISTS (SELECT 1 FROM [reports].[sluice_progress] WHERE [physical] = N'daily__2')
    AND NOT EXISTS (SELECT 1 FROM [reports].[sluice_builds] WHERE [dataset] = N'things'
    AND ([stamp] > 0 OR ([stamp] = 0 AND [hash] > N'')));
IF @@ROWCOUNT > 0
    DROP TABLE IF EXISTS [reports].[daily__2];
COMMIT TRANSACTION;
SET LOCK_TIMEOUT 30000

-- make a temporary table for daily
DROP TABLE IF EXISTS [#sluice_delta_1];
CREATE TABLE [#sluice_delta_1] (
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
DECLARE @rows bigint = (SELECT COUNT_BIG(*) FROM [#sluice_delta_1]);
IF @rows <> 10
BEGIN
    SELECT @rows AS [rows];
    RETURN;
END;
IF EXISTS (SELECT 1 FROM [reports].[daily__2] AS t
JOIN (SELECT [day], [_key], [kind], [flag], [n], CAST([total] AS decimal(38,2)) AS [total], CAST([largest] AS decimal(18,2)) AS [largest] FROM [#sluice_delta_1]) AS d ON t.[day] = d.[day] AND t.[_key] = d.[_key]
WHERE CASE WHEN d.[total] > 0 AND t.[total] > 0 THEN CASE WHEN t.[total] > 999999999999999999999999999999999999.99 - d.[total] THEN 1 ELSE 0 END
      WHEN d.[total] < 0 AND t.[total] < 0 THEN CASE WHEN t.[total] < -999999999999999999999999999999999999.99 - d.[total] THEN 1 ELSE 0 END
      ELSE 0 END = 1)
    THROW 50038, N'a sum has more than 38 digits', 1;
UPDATE t SET [n] = t.[n] + d.[n],
    [total] = CASE WHEN t.[total] IS NULL THEN d.[total] WHEN d.[total] IS NULL THEN t.[total] ELSE t.[total] + d.[total] END,
    [largest] = CASE WHEN t.[largest] IS NULL OR d.[largest] > t.[largest] THEN d.[largest] ELSE t.[largest] END
FROM [reports].[daily__2] AS t
JOIN (SELECT [day], [_key], [kind], [flag], [n], CAST([total] AS decimal(38,2)) AS [total], CAST([largest] AS decimal(18,2)) AS [largest] FROM [#sluice_delta_1]) AS d ON t.[day] = d.[day] AND t.[_key] = d.[_key];
INSERT INTO [reports].[daily__2] ([day], [_key], [kind], [flag], [n], [total], [largest])
SELECT [day], [_key], [kind], [flag], [n], [total], [largest] FROM (SELECT [day], [_key], [kind], [flag], [n], CAST([total] AS decimal(38,2)) AS [total], CAST([largest] AS decimal(18,2)) AS [largest] FROM [#sluice_delta_1]) AS d
WHERE NOT EXISTS (SELECT 1 FROM [reports].[daily__2] AS t WHERE t.[day] = d.[day] AND t.[_key] = d.[_key]);
DELETE FROM [#sluice_delta_1]

-- rename monthly
EXEC sp_rename @objname = N'[reports].[monthly]', @newname = N'monthly__2'

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

-- read monthly
SELECT TOP (10) [month], [amount], [born], [seen], [id], [n], [smallest], [lowest_id] FROM [reports].[monthly] ORDER BY CASE WHEN [lowest_id] IS NULL THEN 1 ELSE 0 END, [lowest_id] DESC

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

-- read monthly_report
SELECT TOP (10) [month], [amount], [born], [seen], [id], [n], [smallest], [lowest_id], [is_settled] FROM [reports].[monthly_report] ORDER BY CASE WHEN [is_settled] IS NULL THEN 1 ELSE 0 END, [is_settled] DESC

-- clear monthly
DELETE FROM [reports].[monthly__2]

-- drop a table of monthly
SET LOCK_TIMEOUT 2000;
BEGIN TRANSACTION;
DELETE FROM [reports].[sluice_old] WHERE [dataset] = N'things' AND [physical] = N'monthly__2'
    AND NOT EXISTS (SELECT 1 FROM [reports].[sluice_progress] WHERE [physical] = N'monthly__2')
    AND NOT EXISTS (SELECT 1 FROM [reports].[sluice_builds] WHERE [dataset] = N'things'
    AND ([stamp] > 0 OR ([stamp] = 0 AND [hash] > N'')));
IF @@ROWCOUNT > 0
    DROP TABLE IF EXISTS [reports].[monthly__2];
COMMIT TRANSACTION;
SET LOCK_TIMEOUT 30000

-- make a temporary table for monthly
DROP TABLE IF EXISTS [#sluice_delta_2];
CREATE TABLE [#sluice_delta_2] (
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
DECLARE @rows bigint = (SELECT COUNT_BIG(*) FROM [#sluice_delta_2]);
IF @rows <> 10
BEGIN
    SELECT @rows AS [rows];
    RETURN;
END;
UPDATE t SET [n] = t.[n] + d.[n],
    [smallest] = CASE WHEN t.[smallest] IS NULL OR d.[smallest] < t.[smallest] THEN d.[smallest] ELSE t.[smallest] END,
    [lowest_id] = CASE WHEN t.[lowest_id] IS NULL OR d.[lowest_id] < t.[lowest_id] THEN d.[lowest_id] ELSE t.[lowest_id] END
FROM [reports].[monthly__2] AS t
JOIN (SELECT [month], [_key], CAST([amount] AS decimal(18,2)) AS [amount], [born], [seen], [id], [n], CAST([smallest] AS decimal(18,2)) AS [smallest], [lowest_id] FROM [#sluice_delta_2]) AS d ON t.[month] = d.[month] AND t.[_key] = d.[_key];
INSERT INTO [reports].[monthly__2] ([month], [_key], [amount], [born], [seen], [id], [n], [smallest], [lowest_id])
SELECT [month], [_key], [amount], [born], [seen], [id], [n], [smallest], [lowest_id] FROM (SELECT [month], [_key], CAST([amount] AS decimal(18,2)) AS [amount], [born], [seen], [id], [n], CAST([smallest] AS decimal(18,2)) AS [smallest], [lowest_id] FROM [#sluice_delta_2]) AS d
WHERE NOT EXISTS (SELECT 1 FROM [reports].[monthly__2] AS t WHERE t.[month] = d.[month] AND t.[_key] = d.[_key]);
DELETE FROM [#sluice_delta_2]

-- rename ever
EXEC sp_rename @objname = N'[reports].[ever]', @newname = N'ever__2'

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

-- read ever
SELECT TOP (10) [n], [total] FROM [reports].[ever] ORDER BY CASE WHEN [total] IS NULL THEN 1 ELSE 0 END, [total] DESC

-- show ever_report
CREATE OR ALTER VIEW [reports].[ever_report] AS
/* sluice b8073ea5afd9b8738dea797a65c72708 */
SELECT
    t.[n] AS [n],
    t.[total] AS [total]
FROM [reports].[ever__2] AS t

-- read ever_report
SELECT TOP (10) [n], [total] FROM [reports].[ever_report] ORDER BY CASE WHEN [total] IS NULL THEN 1 ELSE 0 END, [total] DESC

-- clear ever
DELETE FROM [reports].[ever__2]

-- drop a table of ever
SET LOCK_TIMEOUT 2000;
BEGIN TRANSACTION;
DELETE FROM [reports].[sluice_old] WHERE [dataset] = N'things' AND [physical] = N'ever__2'
    AND NOT EXISTS (SELECT 1 FROM [reports].[sluice_progress] WHERE [physical] = N'ever__2')
    AND NOT EXISTS (SELECT 1 FROM [reports].[sluice_builds] WHERE [dataset] = N'things'
    AND ([stamp] > 0 OR ([stamp] = 0 AND [hash] > N'')));
IF @@ROWCOUNT > 0
    DROP TABLE IF EXISTS [reports].[ever__2];
COMMIT TRANSACTION;
SET LOCK_TIMEOUT 30000

-- make a temporary table for ever
DROP TABLE IF EXISTS [#sluice_delta_3];
CREATE TABLE [#sluice_delta_3] (
    [_key] binary(16) NOT NULL,
    [n] bigint NOT NULL,
    [total] nvarchar(max) NULL,
    PRIMARY KEY ([_key])
)

-- merge rows into ever
DECLARE @rows bigint = (SELECT COUNT_BIG(*) FROM [#sluice_delta_3]);
IF @rows <> 10
BEGIN
    SELECT @rows AS [rows];
    RETURN;
END;
IF EXISTS (SELECT 1 FROM [reports].[ever__2] AS t
JOIN (SELECT [_key], [n], CAST([total] AS decimal(38,2)) AS [total] FROM [#sluice_delta_3]) AS d ON t.[_key] = d.[_key]
WHERE CASE WHEN d.[total] > 0 AND t.[total] > 0 THEN CASE WHEN t.[total] > 999999999999999999999999999999999999.99 - d.[total] THEN 1 ELSE 0 END
      WHEN d.[total] < 0 AND t.[total] < 0 THEN CASE WHEN t.[total] < -999999999999999999999999999999999999.99 - d.[total] THEN 1 ELSE 0 END
      ELSE 0 END = 1)
    THROW 50038, N'a sum has more than 38 digits', 1;
UPDATE t SET [n] = t.[n] + d.[n],
    [total] = CASE WHEN t.[total] IS NULL THEN d.[total] WHEN d.[total] IS NULL THEN t.[total] ELSE t.[total] + d.[total] END
FROM [reports].[ever__2] AS t
JOIN (SELECT [_key], [n], CAST([total] AS decimal(38,2)) AS [total] FROM [#sluice_delta_3]) AS d ON t.[_key] = d.[_key];
INSERT INTO [reports].[ever__2] ([_key], [n], [total])
SELECT [_key], [n], [total] FROM (SELECT [_key], [n], CAST([total] AS decimal(38,2)) AS [total] FROM [#sluice_delta_3]) AS d
WHERE NOT EXISTS (SELECT 1 FROM [reports].[ever__2] AS t WHERE t.[_key] = d.[_key]);
DELETE FROM [#sluice_delta_3]

