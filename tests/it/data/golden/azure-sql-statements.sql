-- open a session
SET XACT_ABORT ON; SET LOCK_TIMEOUT 30000

-- probe
SELECT 1 AS [alive]

-- read columns
SELECT CAST(o.[name] AS nvarchar(128)) AS [object], CAST(o.[type] AS nvarchar(2)) AS [kind],
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
ORDER BY o.[object_id], c.[column_id]

-- read views
SELECT CAST(o.[name] AS nvarchar(128)) AS [object], CAST(m.[definition] AS nvarchar(max)) AS [text]
FROM sys.sql_modules AS m
JOIN sys.objects AS o ON o.[object_id] = m.[object_id]
JOIN sys.schemas AS s ON s.[schema_id] = o.[schema_id]
WHERE LOWER(s.[name]) = LOWER(@P1) AND RTRIM(o.[type]) = N'V'

-- begin
BEGIN TRANSACTION;
DECLARE @granted int;
EXEC @granted = sp_getapplock @Resource = N'sluice/reports', @LockMode = N'Exclusive', @LockOwner = N'Transaction', @LockTimeout = 30000;
SELECT @granted AS [granted]

-- read progress
SELECT [gold_table], [generation], [definition], [version] FROM [reports].[sluice_progress]

-- start
INSERT INTO [reports].[sluice_progress] ([gold_table], [generation], [definition], [version])
SELECT @P1, @P2, @P3, @P4
WHERE NOT EXISTS (SELECT 1 FROM [reports].[sluice_progress] WHERE [gold_table] = @P1)

-- advance
UPDATE [reports].[sluice_progress] SET [generation] = @P2, [definition] = @P3, [version] = @P4
WHERE [gold_table] = @P1 AND [generation] = @P5 AND [definition] = @P6 AND [version] = @P7

-- refresh
UPDATE [reports].[sluice_freshness] SET [watermark] = CAST(NULLIF(@P2, N'') AS datetime2(6)), [settled_until] = CASE WHEN @P6 = 0 AND (CAST(NULLIF(@P3, N'') AS datetime2(0)) IS NULL OR [settled_until] > CAST(NULLIF(@P3, N'') AS datetime2(0))) THEN [settled_until] ELSE CAST(NULLIF(@P3, N'') AS datetime2(0)) END, [version] = @P4, [last_run] = CAST(NULLIF(@P5, N'') AS datetime2(6))
WHERE [gold_table] = @P1;
IF @@ROWCOUNT = 0
INSERT INTO [reports].[sluice_freshness] ([gold_table], [watermark], [settled_until], [version], [last_run])
VALUES (@P1, CAST(NULLIF(@P2, N'') AS datetime2(6)), CAST(NULLIF(@P3, N'') AS datetime2(0)), @P4, CAST(NULLIF(@P5, N'') AS datetime2(6)))

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
    PRIMARY KEY ([gold_table])
)

-- create
CREATE TABLE [reports].[sluice_freshness] (
    [gold_table] nvarchar(128) NOT NULL,
    [watermark] datetime2(6) NULL,
    [settled_until] datetime2(0) NULL,
    [version] bigint NULL,
    [last_run] datetime2(6) NULL,
    PRIMARY KEY ([gold_table])
)

-- create
CREATE TABLE [reports].[hourly] (
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

-- create
DELETE FROM [reports].[sluice_progress] WHERE [gold_table] = N'hourly'

-- create
DELETE FROM [reports].[sluice_freshness] WHERE [gold_table] = N'hourly'

-- create
CREATE TABLE [reports].[daily] (
    [day] date NOT NULL,
    [_key] binary(16) NOT NULL,
    [kind] nvarchar(max) NULL,
    [flag] bit NULL,
    [n] bigint NOT NULL,
    [total] decimal(38,2) NULL,
    [largest] decimal(18,2) NULL,
    PRIMARY KEY ([day], [_key])
)

-- create
DELETE FROM [reports].[sluice_progress] WHERE [gold_table] = N'daily'

-- create
DELETE FROM [reports].[sluice_freshness] WHERE [gold_table] = N'daily'

-- create
CREATE TABLE [reports].[monthly] (
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

-- create
DELETE FROM [reports].[sluice_progress] WHERE [gold_table] = N'monthly'

-- create
DELETE FROM [reports].[sluice_freshness] WHERE [gold_table] = N'monthly'

-- create
CREATE TABLE [reports].[ever] (
    [_key] binary(16) NOT NULL,
    [n] bigint NOT NULL,
    [total] decimal(38,2) NULL,
    PRIMARY KEY ([_key])
)

-- create
DELETE FROM [reports].[sluice_progress] WHERE [gold_table] = N'ever'

-- create
DELETE FROM [reports].[sluice_freshness] WHERE [gold_table] = N'ever'

-- create
CREATE VIEW [reports].[hourly_report] AS
/* sluice de294247f5d74299a09fdb0fe48cd820 */
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
FROM [reports].[hourly] AS t
LEFT JOIN [reports].[sluice_freshness] AS f ON f.[gold_table] = N'hourly'

-- create
CREATE VIEW [reports].[daily_report] AS
/* sluice 6e4f6f21d02343c4f4364d2617710bf7 */
SELECT
    t.[day] AS [day],
    t.[kind] AS [kind],
    t.[flag] AS [flag],
    t.[n] AS [n],
    t.[total] AS [total],
    t.[largest] AS [largest],
    CAST(CASE WHEN CAST(t.[day] AS datetime2(0)) < f.[settled_until] THEN 1 ELSE 0 END AS bit) AS [is_settled]
FROM [reports].[daily] AS t
LEFT JOIN [reports].[sluice_freshness] AS f ON f.[gold_table] = N'daily'

-- create
CREATE VIEW [reports].[monthly_report] AS
/* sluice 58fb75bb36837afbc6469aa1f57cc548 */
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
FROM [reports].[monthly] AS t
LEFT JOIN [reports].[sluice_freshness] AS f ON f.[gold_table] = N'monthly'

-- create
CREATE VIEW [reports].[ever_report] AS
/* sluice 37b96423993dd55d91131256942708e5 */
SELECT
    t.[n] AS [n],
    t.[total] AS [total]
FROM [reports].[ever] AS t

-- create
CREATE VIEW [reports].[best_kinds] AS
/* sluice 3fa44b2f46288430d0d54695a4a6ab0b */
SELECT TOP (3)
    row_number() OVER (ORDER BY CASE WHEN t.[total] IS NULL THEN 1 ELSE 0 END, t.[total] DESC, t.[kind] COLLATE Latin1_General_BIN2, t.[flag], t.[day], t.[_key]) AS [rank],
    t.[day] AS [day],
    t.[kind] AS [kind],
    t.[flag] AS [flag],
    t.[n] AS [n],
    t.[total] AS [total],
    t.[largest] AS [largest]
FROM [reports].[daily] AS t
ORDER BY [rank]

-- create
CREATE VIEW [reports].[best_hours] AS
/* sluice 45baf6916757a4b03879df93944b057e */
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
FROM [reports].[hourly] AS t
ORDER BY [rank]

-- drop hourly_report
DROP VIEW IF EXISTS [reports].[hourly_report]

-- read hourly_report
SELECT TOP (10) [hour], [n], [total], [mean], [low], [high], [first], [last], [ids], [mean_id], [is_settled] FROM [reports].[hourly_report] ORDER BY CASE WHEN [is_settled] IS NULL THEN 1 ELSE 0 END, [is_settled] DESC

-- drop daily_report
DROP VIEW IF EXISTS [reports].[daily_report]

-- read daily_report
SELECT TOP (10) [day], [kind], [flag], [n], [total], [largest], [is_settled] FROM [reports].[daily_report] ORDER BY CASE WHEN [is_settled] IS NULL THEN 1 ELSE 0 END, [is_settled] DESC

-- drop monthly_report
DROP VIEW IF EXISTS [reports].[monthly_report]

-- read monthly_report
SELECT TOP (10) [month], [amount], [born], [seen], [id], [n], [smallest], [lowest_id], [is_settled] FROM [reports].[monthly_report] ORDER BY CASE WHEN [is_settled] IS NULL THEN 1 ELSE 0 END, [is_settled] DESC

-- drop ever_report
DROP VIEW IF EXISTS [reports].[ever_report]

-- read ever_report
SELECT TOP (10) [n], [total] FROM [reports].[ever_report] ORDER BY CASE WHEN [total] IS NULL THEN 1 ELSE 0 END, [total] DESC

-- drop best_kinds
DROP VIEW IF EXISTS [reports].[best_kinds]

-- read best_kinds
SELECT TOP (10) [rank], [day], [kind], [flag], [n], [total], [largest] FROM [reports].[best_kinds] ORDER BY CASE WHEN [largest] IS NULL THEN 1 ELSE 0 END, [largest] DESC

-- drop best_hours
DROP VIEW IF EXISTS [reports].[best_hours]

-- read best_hours
SELECT TOP (10) [rank], [hour], [n], [total], [mean], [low], [high], [first], [last], [ids], [mean_id] FROM [reports].[best_hours] ORDER BY CASE WHEN [mean_id] IS NULL THEN 1 ELSE 0 END, [mean_id] DESC

-- read hourly
SELECT TOP (10) [hour], [n], [total], [mean_sum], [mean_count], [low], [high], [first], [last], [ids], [mean_id_sum], [mean_id_count] FROM [reports].[hourly] ORDER BY CASE WHEN [mean_id_count] IS NULL THEN 1 ELSE 0 END, [mean_id_count] DESC

-- clear hourly
DELETE FROM [reports].[hourly]

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

-- count rows for hourly
SELECT COUNT_BIG(*) AS [rows] FROM [#sluice_delta_0]

-- check the sums of hourly
IF EXISTS (SELECT 1 FROM [reports].[hourly] AS t
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
    THROW 50038, N'a sum has more than 38 digits', 1

-- merge rows into hourly
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
FROM [reports].[hourly] AS t
JOIN (SELECT [hour], [_key], [n], CAST([total] AS decimal(38,2)) AS [total], CAST([mean_sum] AS decimal(38,2)) AS [mean_sum], [mean_count], [low], [high], [first], [last], CAST([ids] AS decimal(38,0)) AS [ids], CAST([mean_id_sum] AS decimal(38,0)) AS [mean_id_sum], [mean_id_count] FROM [#sluice_delta_0]) AS d ON t.[hour] = d.[hour] AND t.[_key] = d.[_key]

-- insert rows into hourly
INSERT INTO [reports].[hourly] ([hour], [_key], [n], [total], [mean_sum], [mean_count], [low], [high], [first], [last], [ids], [mean_id_sum], [mean_id_count])
SELECT [hour], [_key], [n], [total], [mean_sum], [mean_count], [low], [high], [first], [last], [ids], [mean_id_sum], [mean_id_count] FROM (SELECT [hour], [_key], [n], CAST([total] AS decimal(38,2)) AS [total], CAST([mean_sum] AS decimal(38,2)) AS [mean_sum], [mean_count], [low], [high], [first], [last], CAST([ids] AS decimal(38,0)) AS [ids], CAST([mean_id_sum] AS decimal(38,0)) AS [mean_id_sum], [mean_id_count] FROM [#sluice_delta_0]) AS d
WHERE NOT EXISTS (SELECT 1 FROM [reports].[hourly] AS t WHERE t.[hour] = d.[hour] AND t.[_key] = d.[_key])

-- drop the temporary table of hourly
DROP TABLE [#sluice_delta_0]

-- read daily
SELECT TOP (10) [day], [kind], [flag], [n], [total], [largest] FROM [reports].[daily] ORDER BY CASE WHEN [largest] IS NULL THEN 1 ELSE 0 END, [largest] DESC

-- clear daily
DELETE FROM [reports].[daily]

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

-- count rows for daily
SELECT COUNT_BIG(*) AS [rows] FROM [#sluice_delta_1]

-- check the sums of daily
IF EXISTS (SELECT 1 FROM [reports].[daily] AS t
JOIN (SELECT [day], [_key], [kind], [flag], [n], CAST([total] AS decimal(38,2)) AS [total], CAST([largest] AS decimal(18,2)) AS [largest] FROM [#sluice_delta_1]) AS d ON t.[day] = d.[day] AND t.[_key] = d.[_key]
WHERE CASE WHEN d.[total] > 0 AND t.[total] > 0 THEN CASE WHEN t.[total] > 999999999999999999999999999999999999.99 - d.[total] THEN 1 ELSE 0 END
      WHEN d.[total] < 0 AND t.[total] < 0 THEN CASE WHEN t.[total] < -999999999999999999999999999999999999.99 - d.[total] THEN 1 ELSE 0 END
      ELSE 0 END = 1)
    THROW 50038, N'a sum has more than 38 digits', 1

-- merge rows into daily
UPDATE t SET [n] = t.[n] + d.[n],
    [total] = CASE WHEN t.[total] IS NULL THEN d.[total] WHEN d.[total] IS NULL THEN t.[total] ELSE t.[total] + d.[total] END,
    [largest] = CASE WHEN t.[largest] IS NULL OR d.[largest] > t.[largest] THEN d.[largest] ELSE t.[largest] END
FROM [reports].[daily] AS t
JOIN (SELECT [day], [_key], [kind], [flag], [n], CAST([total] AS decimal(38,2)) AS [total], CAST([largest] AS decimal(18,2)) AS [largest] FROM [#sluice_delta_1]) AS d ON t.[day] = d.[day] AND t.[_key] = d.[_key]

-- insert rows into daily
INSERT INTO [reports].[daily] ([day], [_key], [kind], [flag], [n], [total], [largest])
SELECT [day], [_key], [kind], [flag], [n], [total], [largest] FROM (SELECT [day], [_key], [kind], [flag], [n], CAST([total] AS decimal(38,2)) AS [total], CAST([largest] AS decimal(18,2)) AS [largest] FROM [#sluice_delta_1]) AS d
WHERE NOT EXISTS (SELECT 1 FROM [reports].[daily] AS t WHERE t.[day] = d.[day] AND t.[_key] = d.[_key])

-- drop the temporary table of daily
DROP TABLE [#sluice_delta_1]

-- read monthly
SELECT TOP (10) [month], [amount], [born], [seen], [id], [n], [smallest], [lowest_id] FROM [reports].[monthly] ORDER BY CASE WHEN [lowest_id] IS NULL THEN 1 ELSE 0 END, [lowest_id] DESC

-- clear monthly
DELETE FROM [reports].[monthly]

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

-- count rows for monthly
SELECT COUNT_BIG(*) AS [rows] FROM [#sluice_delta_2]

-- merge rows into monthly
UPDATE t SET [n] = t.[n] + d.[n],
    [smallest] = CASE WHEN t.[smallest] IS NULL OR d.[smallest] < t.[smallest] THEN d.[smallest] ELSE t.[smallest] END,
    [lowest_id] = CASE WHEN t.[lowest_id] IS NULL OR d.[lowest_id] < t.[lowest_id] THEN d.[lowest_id] ELSE t.[lowest_id] END
FROM [reports].[monthly] AS t
JOIN (SELECT [month], [_key], CAST([amount] AS decimal(18,2)) AS [amount], [born], [seen], [id], [n], CAST([smallest] AS decimal(18,2)) AS [smallest], [lowest_id] FROM [#sluice_delta_2]) AS d ON t.[month] = d.[month] AND t.[_key] = d.[_key]

-- insert rows into monthly
INSERT INTO [reports].[monthly] ([month], [_key], [amount], [born], [seen], [id], [n], [smallest], [lowest_id])
SELECT [month], [_key], [amount], [born], [seen], [id], [n], [smallest], [lowest_id] FROM (SELECT [month], [_key], CAST([amount] AS decimal(18,2)) AS [amount], [born], [seen], [id], [n], CAST([smallest] AS decimal(18,2)) AS [smallest], [lowest_id] FROM [#sluice_delta_2]) AS d
WHERE NOT EXISTS (SELECT 1 FROM [reports].[monthly] AS t WHERE t.[month] = d.[month] AND t.[_key] = d.[_key])

-- drop the temporary table of monthly
DROP TABLE [#sluice_delta_2]

-- read ever
SELECT TOP (10) [n], [total] FROM [reports].[ever] ORDER BY CASE WHEN [total] IS NULL THEN 1 ELSE 0 END, [total] DESC

-- clear ever
DELETE FROM [reports].[ever]

-- make a temporary table for ever
DROP TABLE IF EXISTS [#sluice_delta_3];
CREATE TABLE [#sluice_delta_3] (
    [_key] binary(16) NOT NULL,
    [n] bigint NOT NULL,
    [total] nvarchar(max) NULL,
    PRIMARY KEY ([_key])
)

-- count rows for ever
SELECT COUNT_BIG(*) AS [rows] FROM [#sluice_delta_3]

-- check the sums of ever
IF EXISTS (SELECT 1 FROM [reports].[ever] AS t
JOIN (SELECT [_key], [n], CAST([total] AS decimal(38,2)) AS [total] FROM [#sluice_delta_3]) AS d ON t.[_key] = d.[_key]
WHERE CASE WHEN d.[total] > 0 AND t.[total] > 0 THEN CASE WHEN t.[total] > 999999999999999999999999999999999999.99 - d.[total] THEN 1 ELSE 0 END
      WHEN d.[total] < 0 AND t.[total] < 0 THEN CASE WHEN t.[total] < -999999999999999999999999999999999999.99 - d.[total] THEN 1 ELSE 0 END
      ELSE 0 END = 1)
    THROW 50038, N'a sum has more than 38 digits', 1

-- merge rows into ever
UPDATE t SET [n] = t.[n] + d.[n],
    [total] = CASE WHEN t.[total] IS NULL THEN d.[total] WHEN d.[total] IS NULL THEN t.[total] ELSE t.[total] + d.[total] END
FROM [reports].[ever] AS t
JOIN (SELECT [_key], [n], CAST([total] AS decimal(38,2)) AS [total] FROM [#sluice_delta_3]) AS d ON t.[_key] = d.[_key]

-- insert rows into ever
INSERT INTO [reports].[ever] ([_key], [n], [total])
SELECT [_key], [n], [total] FROM (SELECT [_key], [n], CAST([total] AS decimal(38,2)) AS [total] FROM [#sluice_delta_3]) AS d
WHERE NOT EXISTS (SELECT 1 FROM [reports].[ever] AS t WHERE t.[_key] = d.[_key])

-- drop the temporary table of ever
DROP TABLE [#sluice_delta_3]

