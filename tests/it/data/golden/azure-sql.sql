IF NOT EXISTS (SELECT 1 FROM sys.schemas WHERE LOWER([name]) = LOWER(N'gold'))
    EXEC(N'CREATE SCHEMA [gold]');
GO

-- How far each gold table has come: the loader's own book.
IF OBJECT_ID(N'[gold].[sluice_progress]', N'U') IS NULL
CREATE TABLE [gold].[sluice_progress] (
    [gold_table] nvarchar(128) NOT NULL,
    [generation] bigint NOT NULL,
    [definition] nvarchar(64) NOT NULL,
    [version] bigint NOT NULL,
    PRIMARY KEY ([gold_table])
);
GO

-- How fresh each gold table is.
IF OBJECT_ID(N'[gold].[sluice_freshness]', N'U') IS NULL
CREATE TABLE [gold].[sluice_freshness] (
    [gold_table] nvarchar(128) NOT NULL,
    [watermark] datetime2(6) NULL,
    [settled_until] datetime2(0) NULL,
    [version] bigint NULL,
    [last_run] datetime2(6) NULL,
    PRIMARY KEY ([gold_table])
);
GO

-- A row for each hour.
IF OBJECT_ID(N'[gold].[hourly]', N'U') IS NULL
CREATE TABLE [gold].[hourly] (
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
GO

-- A row for each day and kind and flag.
IF OBJECT_ID(N'[gold].[daily]', N'U') IS NULL
CREATE TABLE [gold].[daily] (
    [day] date NOT NULL,
    [_key] binary(16) NOT NULL,
    [kind] nvarchar(max) NULL,
    [flag] bit NULL,
    [n] bigint NOT NULL,
    [total] decimal(38,2) NULL,
    [largest] decimal(18,2) NULL,
    PRIMARY KEY ([day], [_key])
);
GO

-- A row for each month and amount and born and seen and id.
IF OBJECT_ID(N'[gold].[monthly]', N'U') IS NULL
CREATE TABLE [gold].[monthly] (
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
GO

-- One row for all time.
IF OBJECT_ID(N'[gold].[ever]', N'U') IS NULL
CREATE TABLE [gold].[ever] (
    [_key] binary(16) NOT NULL,
    [n] bigint NOT NULL,
    [total] decimal(38,2) NULL,
    PRIMARY KEY ([_key])
);
GO

-- hourly as reports show it: averages computed, and whether the period is complete.
DROP VIEW IF EXISTS [gold].[hourly_report];
GO

CREATE VIEW [gold].[hourly_report] AS
/* sluice 952266eb6378fbd4b1b47108a620eb9a */
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
FROM [gold].[hourly] AS t
LEFT JOIN [gold].[sluice_freshness] AS f ON f.[gold_table] = N'hourly';
GO

-- daily as reports show it: averages computed, and whether the period is complete.
DROP VIEW IF EXISTS [gold].[daily_report];
GO

CREATE VIEW [gold].[daily_report] AS
/* sluice 406705bce674e83389a6419a2c37d327 */
SELECT
    t.[day] AS [day],
    t.[kind] AS [kind],
    t.[flag] AS [flag],
    t.[n] AS [n],
    t.[total] AS [total],
    t.[largest] AS [largest],
    CAST(CASE WHEN CAST(t.[day] AS datetime2(0)) < f.[settled_until] THEN 1 ELSE 0 END AS bit) AS [is_settled]
FROM [gold].[daily] AS t
LEFT JOIN [gold].[sluice_freshness] AS f ON f.[gold_table] = N'daily';
GO

-- monthly as reports show it: averages computed, and whether the period is complete.
DROP VIEW IF EXISTS [gold].[monthly_report];
GO

CREATE VIEW [gold].[monthly_report] AS
/* sluice b4f3c3d17bbc88ea7da328af2fdc823c */
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
FROM [gold].[monthly] AS t
LEFT JOIN [gold].[sluice_freshness] AS f ON f.[gold_table] = N'monthly';
GO

-- ever as reports show it: averages computed.
DROP VIEW IF EXISTS [gold].[ever_report];
GO

CREATE VIEW [gold].[ever_report] AS
/* sluice 7175a9e2fa2fa0de08bde1b2209ec3ea */
SELECT
    t.[n] AS [n],
    t.[total] AS [total]
FROM [gold].[ever] AS t;
GO

-- The 3 rows of daily with the highest total.
DROP VIEW IF EXISTS [gold].[best_kinds];
GO

CREATE VIEW [gold].[best_kinds] AS
/* sluice bc885ebdb89d48f2046dfe1a17c1a545 */
SELECT TOP (3)
    row_number() OVER (ORDER BY CASE WHEN t.[total] IS NULL THEN 1 ELSE 0 END, t.[total] DESC, t.[kind] COLLATE Latin1_General_BIN2, t.[flag], t.[day], t.[_key]) AS [rank],
    t.[day] AS [day],
    t.[kind] AS [kind],
    t.[flag] AS [flag],
    t.[n] AS [n],
    t.[total] AS [total],
    t.[largest] AS [largest]
FROM [gold].[daily] AS t
ORDER BY [rank];
GO

-- The 2 rows of hourly with the highest mean.
DROP VIEW IF EXISTS [gold].[best_hours];
GO

CREATE VIEW [gold].[best_hours] AS
/* sluice 49b45b925456310aefb291f777551e56 */
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
FROM [gold].[hourly] AS t
ORDER BY [rank];
GO
