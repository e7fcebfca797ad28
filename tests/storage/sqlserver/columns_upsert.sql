SET ANSI_NULLS ON; SET ANSI_NULL_DFLT_ON ON; SET ANSI_PADDING ON; SET ANSI_WARNINGS ON; SET ARITHABORT ON; SET CONCAT_NULL_YIELDS_NULL ON; SET QUOTED_IDENTIFIER ON; SET XACT_ABORT ON
GO
SET TRANSACTION ISOLATION LEVEL READ COMMITTED
GO
BEGIN TRANSACTION
GO
SELECT name, TYPE_NAME(system_type_id), max_length, [precision], scale, collation_name FROM sys.columns WHERE object_id = OBJECT_ID(N'[books].[ledger]') ORDER BY column_id
GO
COMMIT TRANSACTION
GO
DROP TABLE IF EXISTS #poweroffice_stage, #poweroffice_ids
GO
SET ANSI_NULLS ON; SET ANSI_NULL_DFLT_ON ON; SET ANSI_PADDING ON; SET ANSI_WARNINGS ON; SET ARITHABORT ON; SET CONCAT_NULL_YIELDS_NULL ON; SET QUOTED_IDENTIFIER ON; SET XACT_ABORT ON
GO
SET TRANSACTION ISOLATION LEVEL READ COMMITTED
GO
BEGIN TRANSACTION
GO
SET NOCOUNT ON; DECLARE @got INT, @name NVARCHAR(255) = CONCAT(N'poweroffice ', LOWER(N'ledger'), N' ', CONVERT(NVARCHAR(64), HASHBYTES('SHA2_256', N''), 2)); EXEC @got = sys.sp_getapplock @Resource = @name, @LockMode = 'Exclusive', @LockOwner = 'Transaction', @LockTimeout = 1000; SET NOCOUNT OFF; SELECT @got
GO
SELECT name, TYPE_NAME(system_type_id), max_length, [precision], scale, collation_name FROM sys.columns WHERE object_id = OBJECT_ID(N'[books].[ledger]') ORDER BY column_id
GO
CREATE TABLE "books"."ledger" ("id" BIGINT NOT NULL, "amount" DECIMAL(38, 10), "name" NVARCHAR(MAX), "date" DATE, "open" BIT, "last_changed_date_time_offset" DATETIMEOFFSET(6), "address" NVARCHAR(MAX), "_extra" NVARCHAR(MAX), "_company" NVARCHAR(512) COLLATE Latin1_General_100_BIN2 NOT NULL, "_loaded_at" DATETIMEOFFSET(6), "_run_id" NVARCHAR(512) COLLATE Latin1_General_100_BIN2, "_task" NVARCHAR(512) COLLATE Latin1_General_100_BIN2, "_deleted_at" DATETIMEOFFSET(6), PRIMARY KEY NONCLUSTERED ("_company", "id"))
GO
DECLARE @schema SYSNAME = OBJECT_SCHEMA_NAME(OBJECT_ID(N'[books].[ledger]')); EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'PowerOffice Go AccountTransactions: one row for each _company, id; made by airflow-provider-poweroffice', @level0type = N'SCHEMA', @level0name = @schema, @level1type = N'TABLE', @level1name = N'ledger'
GO
DECLARE @schema SYSNAME = OBJECT_SCHEMA_NAME(OBJECT_ID(N'[books].[ledger]')); EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'Id of the API', @level0type = N'SCHEMA', @level0name = @schema, @level1type = N'TABLE', @level1name = N'ledger', @level2type = N'COLUMN', @level2name = N'id'
GO
DECLARE @schema SYSNAME = OBJECT_SCHEMA_NAME(OBJECT_ID(N'[books].[ledger]')); EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'Amount of the API', @level0type = N'SCHEMA', @level0name = @schema, @level1type = N'TABLE', @level1name = N'ledger', @level2type = N'COLUMN', @level2name = N'amount'
GO
DECLARE @schema SYSNAME = OBJECT_SCHEMA_NAME(OBJECT_ID(N'[books].[ledger]')); EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'Name of the API', @level0type = N'SCHEMA', @level0name = @schema, @level1type = N'TABLE', @level1name = N'ledger', @level2type = N'COLUMN', @level2name = N'name'
GO
DECLARE @schema SYSNAME = OBJECT_SCHEMA_NAME(OBJECT_ID(N'[books].[ledger]')); EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'Date of the API', @level0type = N'SCHEMA', @level0name = @schema, @level1type = N'TABLE', @level1name = N'ledger', @level2type = N'COLUMN', @level2name = N'date'
GO
DECLARE @schema SYSNAME = OBJECT_SCHEMA_NAME(OBJECT_ID(N'[books].[ledger]')); EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'Open of the API', @level0type = N'SCHEMA', @level0name = @schema, @level1type = N'TABLE', @level1name = N'ledger', @level2type = N'COLUMN', @level2name = N'open'
GO
DECLARE @schema SYSNAME = OBJECT_SCHEMA_NAME(OBJECT_ID(N'[books].[ledger]')); EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'LastChangedDateTimeOffset of the API', @level0type = N'SCHEMA', @level0name = @schema, @level1type = N'TABLE', @level1name = N'ledger', @level2type = N'COLUMN', @level2name = N'last_changed_date_time_offset'
GO
DECLARE @schema SYSNAME = OBJECT_SCHEMA_NAME(OBJECT_ID(N'[books].[ledger]')); EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'Address of the API', @level0type = N'SCHEMA', @level0name = @schema, @level1type = N'TABLE', @level1name = N'ledger', @level2type = N'COLUMN', @level2name = N'address'
GO
DECLARE @schema SYSNAME = OBJECT_SCHEMA_NAME(OBJECT_ID(N'[books].[ledger]')); EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'fields that have no column of their own', @level0type = N'SCHEMA', @level0name = @schema, @level1type = N'TABLE', @level1name = N'ledger', @level2type = N'COLUMN', @level2name = N'_extra'
GO
DECLARE @schema SYSNAME = OBJECT_SCHEMA_NAME(OBJECT_ID(N'[books].[ledger]')); EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'the company that the row belongs to', @level0type = N'SCHEMA', @level0name = @schema, @level1type = N'TABLE', @level1name = N'ledger', @level2type = N'COLUMN', @level2name = N'_company'
GO
DECLARE @schema SYSNAME = OBJECT_SCHEMA_NAME(OBJECT_ID(N'[books].[ledger]')); EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'when the load that wrote the row began', @level0type = N'SCHEMA', @level0name = @schema, @level1type = N'TABLE', @level1name = N'ledger', @level2type = N'COLUMN', @level2name = N'_loaded_at'
GO
DECLARE @schema SYSNAME = OBJECT_SCHEMA_NAME(OBJECT_ID(N'[books].[ledger]')); EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'the Airflow run that wrote the row', @level0type = N'SCHEMA', @level0name = @schema, @level1type = N'TABLE', @level1name = N'ledger', @level2type = N'COLUMN', @level2name = N'_run_id'
GO
DECLARE @schema SYSNAME = OBJECT_SCHEMA_NAME(OBJECT_ID(N'[books].[ledger]')); EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'the task of that run', @level0type = N'SCHEMA', @level0name = @schema, @level1type = N'TABLE', @level1name = N'ledger', @level2type = N'COLUMN', @level2name = N'_task'
GO
DECLARE @schema SYSNAME = OBJECT_SCHEMA_NAME(OBJECT_ID(N'[books].[ledger]')); EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'when the row was found to be gone; null while it is there', @level0type = N'SCHEMA', @level0name = @schema, @level1type = N'TABLE', @level1name = N'ledger', @level2type = N'COLUMN', @level2name = N'_deleted_at'
GO
COMMIT TRANSACTION
GO
BEGIN TRANSACTION
GO
CREATE TABLE #poweroffice_stage ("poweroffice_row" BIGINT, "id" BIGINT, "amount" DECIMAL(38, 10), "name" NVARCHAR(MAX), "date" DATE, "open" BIT, "last_changed_date_time_offset" DATETIMEOFFSET(6), "address" NVARCHAR(MAX), "_extra" NVARCHAR(MAX))
GO
COMMIT TRANSACTION
GO
BEGIN TRANSACTION
GO
INSERT INTO #poweroffice_stage ("poweroffice_row", "id", "amount", "name", "date", "open", "last_changed_date_time_offset", "address", "_extra") SELECT * FROM OPENJSON(CAST(N'[[0, 1, "1.5", "it''s \\\n100 % \u00f8\ud83d\ude00", "2026-05-02", true, "2026-05-02T13:09:55.910340Z", "{\"City\": \"Bod\u00f8\"}", null]]' AS NVARCHAR(MAX))) WITH (c0 NVARCHAR(MAX) '$[0]', c1 NVARCHAR(MAX) '$[1]', c2 NVARCHAR(MAX) '$[2]', c3 NVARCHAR(MAX) '$[3]', c4 NVARCHAR(MAX) '$[4]', c5 NVARCHAR(MAX) '$[5]', c6 NVARCHAR(MAX) '$[6]', c7 NVARCHAR(MAX) '$[7]', c8 NVARCHAR(MAX) '$[8]')
GO
COMMIT TRANSACTION
GO
BEGIN TRANSACTION
GO
DELETE FROM #poweroffice_stage WHERE "poweroffice_row" IN (SELECT "poweroffice_row" FROM (SELECT "poweroffice_row", row_number() OVER (PARTITION BY "id" ORDER BY "poweroffice_row" DESC) AS n FROM #poweroffice_stage) AS numbered WHERE n > 1)
GO
COMMIT TRANSACTION
GO
SELECT name, TYPE_NAME(system_type_id), max_length, [precision], scale, collation_name FROM sys.columns WHERE object_id = OBJECT_ID(N'[books].[ledger]') ORDER BY column_id
GO
SELECT CAST(value AS NVARCHAR(4000)) FROM sys.extended_properties WHERE class = 1 AND major_id = OBJECT_ID(N'[books].[ledger]') AND minor_id = 0 AND name = N'MS_Description'
GO
BEGIN TRANSACTION
GO
CREATE TABLE #poweroffice_ids ("poweroffice_row" BIGINT, "id" bigint, "_extra" nvarchar(MAX) COLLATE Danish_Norwegian_CI_AS)
GO
COMMIT TRANSACTION
GO
BEGIN TRANSACTION
GO
INSERT INTO #poweroffice_ids ("poweroffice_row", "id", "_extra") SELECT * FROM OPENJSON(CAST(N'[[0, 3, null]]' AS NVARCHAR(MAX))) WITH (c0 NVARCHAR(MAX) '$[0]', c1 NVARCHAR(MAX) '$[1]', c2 NVARCHAR(MAX) '$[2]')
GO
COMMIT TRANSACTION
GO
BEGIN TRANSACTION
GO
CREATE INDEX poweroffice_ids_key ON #poweroffice_ids ("id")
GO
COMMIT TRANSACTION
GO
BEGIN TRANSACTION
GO
SET NOCOUNT ON; DECLARE @got INT, @name NVARCHAR(255) = CONCAT(N'poweroffice ', OBJECT_ID(N'[books].[ledger]'), N' ', CONVERT(NVARCHAR(64), HASHBYTES('SHA2_256', N'acme'), 2)); EXEC @got = sys.sp_getapplock @Resource = @name, @LockMode = 'Exclusive', @LockOwner = 'Transaction', @LockTimeout = 1000; SET NOCOUNT OFF; SELECT @got
GO
SELECT count(*) FROM "books"."ledger" WHERE "books"."ledger"."_company" = N'acme' AND "_deleted_at" IS NULL
GO
SELECT count(*) FROM "books"."ledger" WHERE "books"."ledger"."_company" = N'acme' AND "_deleted_at" IS NOT NULL AND EXISTS (SELECT 1 FROM #poweroffice_ids s WHERE s."id" = "books"."ledger"."id")
GO
SELECT count(*) FROM #poweroffice_stage s JOIN "books"."ledger" t ON t."_company" = N'acme' AND t."id" = s."id" WHERE s."poweroffice_row" >= 0 AND s."poweroffice_row" < 1
GO
INSERT INTO "books"."ledger" ("id", "amount", "name", "date", "open", "last_changed_date_time_offset", "address", "_extra", "_company", "_loaded_at", "_run_id", "_task") SELECT "id", "amount", "name", "date", "open", "last_changed_date_time_offset", "address", "_extra", CAST(N'acme' AS NVARCHAR(MAX)), CAST(N'2026-05-02T13:00:00.000000Z' AS DATETIMEOFFSET(6)), CAST(N'run 1' AS NVARCHAR(MAX)), CAST(N'd.t' AS NVARCHAR(MAX)) FROM #poweroffice_stage s WHERE "poweroffice_row" >= 0 AND "poweroffice_row" < 1
GO
SELECT count(*) FROM "books"."ledger" WHERE "books"."ledger"."_company" = N'acme' AND "_deleted_at" IS NULL
GO
SELECT count(*) FROM "books"."ledger" WHERE "books"."ledger"."_company" = N'acme' AND "_deleted_at" IS NULL AND NOT EXISTS (SELECT 1 FROM #poweroffice_ids s WHERE s."id" = "books"."ledger"."id")
GO
SELECT count(*) FROM (SELECT DISTINCT "id" FROM #poweroffice_ids) AS listed
GO
COMMIT TRANSACTION
GO
DROP TABLE IF EXISTS #poweroffice_stage, #poweroffice_ids
GO
SET ANSI_NULLS ON; SET ANSI_NULL_DFLT_ON ON; SET ANSI_PADDING ON; SET ANSI_WARNINGS ON; SET ARITHABORT ON; SET CONCAT_NULL_YIELDS_NULL ON; SET QUOTED_IDENTIFIER ON; SET XACT_ABORT ON
GO
SET TRANSACTION ISOLATION LEVEL READ COMMITTED
GO
BEGIN TRANSACTION
GO
SELECT name, TYPE_NAME(system_type_id), max_length, [precision], scale, collation_name FROM sys.columns WHERE object_id = OBJECT_ID(N'[books].[ledger]') ORDER BY column_id
GO
SELECT CAST(value AS NVARCHAR(4000)) FROM sys.extended_properties WHERE class = 1 AND major_id = OBJECT_ID(N'[books].[ledger]') AND minor_id = 0 AND name = N'MS_Description'
GO
COMMIT TRANSACTION
GO
DROP TABLE IF EXISTS #poweroffice_stage, #poweroffice_ids
GO
SET ANSI_NULLS ON; SET ANSI_NULL_DFLT_ON ON; SET ANSI_PADDING ON; SET ANSI_WARNINGS ON; SET ARITHABORT ON; SET CONCAT_NULL_YIELDS_NULL ON; SET QUOTED_IDENTIFIER ON; SET XACT_ABORT ON
GO
SET TRANSACTION ISOLATION LEVEL READ COMMITTED
GO
BEGIN TRANSACTION
GO
SET NOCOUNT ON; DECLARE @got INT, @name NVARCHAR(255) = CONCAT(N'poweroffice ', LOWER(N'ledger'), N' ', CONVERT(NVARCHAR(64), HASHBYTES('SHA2_256', N''), 2)); EXEC @got = sys.sp_getapplock @Resource = @name, @LockMode = 'Exclusive', @LockOwner = 'Transaction', @LockTimeout = 1000; SET NOCOUNT OFF; SELECT @got
GO
SELECT name, TYPE_NAME(system_type_id), max_length, [precision], scale, collation_name FROM sys.columns WHERE object_id = OBJECT_ID(N'[books].[ledger]') ORDER BY column_id
GO
ALTER TABLE "books"."ledger" ADD "new" NVARCHAR(MAX)
GO
DECLARE @schema SYSNAME = OBJECT_SCHEMA_NAME(OBJECT_ID(N'[books].[ledger]')); EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'New of the API', @level0type = N'SCHEMA', @level0name = @schema, @level1type = N'TABLE', @level1name = N'ledger', @level2type = N'COLUMN', @level2name = N'new'
GO
COMMIT TRANSACTION
GO
BEGIN TRANSACTION
GO
CREATE TABLE #poweroffice_stage ("poweroffice_row" BIGINT, "id" bigint, "amount" decimal(38, 10), "name" nvarchar(MAX) COLLATE Danish_Norwegian_CI_AS, "date" date, "open" bit, "last_changed_date_time_offset" datetimeoffset(6), "address" nvarchar(MAX) COLLATE Danish_Norwegian_CI_AS, "new" NVARCHAR(MAX), "_extra" nvarchar(MAX) COLLATE Danish_Norwegian_CI_AS)
GO
COMMIT TRANSACTION
GO
BEGIN TRANSACTION
GO
INSERT INTO #poweroffice_stage ("poweroffice_row", "id", "amount", "name", "date", "open", "last_changed_date_time_offset", "address", "new", "_extra") SELECT * FROM OPENJSON(CAST(N'[[0, 1, "1.5", "it''s \\\n100 % \u00f8\ud83d\ude00", "2026-05-02", true, "2026-05-02T13:09:55.910340Z", "{\"City\": \"Bod\u00f8\"}", null, null],[1, 2, null, null, null, null, null, null, "x", null]]' AS NVARCHAR(MAX))) WITH (c0 NVARCHAR(MAX) '$[0]', c1 NVARCHAR(MAX) '$[1]', c2 NVARCHAR(MAX) '$[2]', c3 NVARCHAR(MAX) '$[3]', c4 NVARCHAR(MAX) '$[4]', c5 NVARCHAR(MAX) '$[5]', c6 NVARCHAR(MAX) '$[6]', c7 NVARCHAR(MAX) '$[7]', c8 NVARCHAR(MAX) '$[8]', c9 NVARCHAR(MAX) '$[9]')
GO
COMMIT TRANSACTION
GO
BEGIN TRANSACTION
GO
DELETE FROM #poweroffice_stage WHERE "poweroffice_row" IN (SELECT "poweroffice_row" FROM (SELECT "poweroffice_row", row_number() OVER (PARTITION BY "id" ORDER BY "poweroffice_row" DESC) AS n FROM #poweroffice_stage) AS numbered WHERE n > 1)
GO
COMMIT TRANSACTION
GO
SELECT name, TYPE_NAME(system_type_id), max_length, [precision], scale, collation_name FROM sys.columns WHERE object_id = OBJECT_ID(N'[books].[ledger]') ORDER BY column_id
GO
SELECT CAST(value AS NVARCHAR(4000)) FROM sys.extended_properties WHERE class = 1 AND major_id = OBJECT_ID(N'[books].[ledger]') AND minor_id = 0 AND name = N'MS_Description'
GO
BEGIN TRANSACTION
GO
CREATE TABLE #poweroffice_ids ("poweroffice_row" BIGINT, "id" bigint, "_extra" nvarchar(MAX) COLLATE Danish_Norwegian_CI_AS)
GO
COMMIT TRANSACTION
GO
BEGIN TRANSACTION
GO
INSERT INTO #poweroffice_ids ("poweroffice_row", "id", "_extra") SELECT * FROM OPENJSON(CAST(N'[[0, 3, null]]' AS NVARCHAR(MAX))) WITH (c0 NVARCHAR(MAX) '$[0]', c1 NVARCHAR(MAX) '$[1]', c2 NVARCHAR(MAX) '$[2]')
GO
COMMIT TRANSACTION
GO
BEGIN TRANSACTION
GO
CREATE INDEX poweroffice_ids_key ON #poweroffice_ids ("id")
GO
COMMIT TRANSACTION
GO
BEGIN TRANSACTION
GO
SET NOCOUNT ON; DECLARE @got INT, @name NVARCHAR(255) = CONCAT(N'poweroffice ', OBJECT_ID(N'[books].[ledger]'), N' ', CONVERT(NVARCHAR(64), HASHBYTES('SHA2_256', N'acme'), 2)); EXEC @got = sys.sp_getapplock @Resource = @name, @LockMode = 'Exclusive', @LockOwner = 'Transaction', @LockTimeout = 1000; SET NOCOUNT OFF; SELECT @got
GO
SELECT count(*) FROM "books"."ledger" WHERE "books"."ledger"."_company" = N'acme' AND "_deleted_at" IS NULL
GO
SELECT count(*) FROM "books"."ledger" WHERE "books"."ledger"."_company" = N'acme' AND "_deleted_at" IS NOT NULL AND EXISTS (SELECT 1 FROM #poweroffice_ids s WHERE s."id" = "books"."ledger"."id")
GO
SELECT count(*) FROM #poweroffice_stage s JOIN "books"."ledger" t ON t."_company" = N'acme' AND t."id" = s."id" WHERE s."poweroffice_row" >= 0 AND s."poweroffice_row" < 2
GO
UPDATE t SET t."amount" = s."amount", t."name" = s."name", t."date" = s."date", t."open" = s."open", t."last_changed_date_time_offset" = s."last_changed_date_time_offset", t."address" = s."address", t."new" = s."new", t."_extra" = s."_extra", t."_loaded_at" = CAST(N'2026-05-02T13:00:00.000000Z' AS DATETIMEOFFSET(6)), t."_run_id" = CAST(N'run 2' AS NVARCHAR(MAX)), t."_task" = CAST(N'd.t' AS NVARCHAR(MAX)), t."_deleted_at" = NULL FROM "books"."ledger" t JOIN #poweroffice_stage s ON t."id" = s."id" WHERE t."_company" = N'acme' AND s."poweroffice_row" >= 0 AND s."poweroffice_row" < 2
GO
INSERT INTO "books"."ledger" ("id", "amount", "name", "date", "open", "last_changed_date_time_offset", "address", "new", "_extra", "_company", "_loaded_at", "_run_id", "_task") SELECT "id", "amount", "name", "date", "open", "last_changed_date_time_offset", "address", "new", "_extra", CAST(N'acme' AS NVARCHAR(MAX)), CAST(N'2026-05-02T13:00:00.000000Z' AS DATETIMEOFFSET(6)), CAST(N'run 2' AS NVARCHAR(MAX)), CAST(N'd.t' AS NVARCHAR(MAX)) FROM #poweroffice_stage s WHERE "poweroffice_row" >= 0 AND "poweroffice_row" < 2 AND NOT EXISTS (SELECT 1 FROM "books"."ledger" t WHERE t."_company" = N'acme' AND t."id" = s."id")
GO
SELECT count(*) FROM "books"."ledger" WHERE "books"."ledger"."_company" = N'acme' AND "_deleted_at" IS NULL
GO
SELECT count(*) FROM "books"."ledger" WHERE "books"."ledger"."_company" = N'acme' AND "_deleted_at" IS NULL AND NOT EXISTS (SELECT 1 FROM #poweroffice_ids s WHERE s."id" = "books"."ledger"."id")
GO
SELECT count(*) FROM (SELECT DISTINCT "id" FROM #poweroffice_ids) AS listed
GO
SELECT count(*) FROM "books"."ledger" WHERE "books"."ledger"."_company" = N'acme' AND "_deleted_at" IS NOT NULL AND EXISTS (SELECT 1 FROM #poweroffice_ids s WHERE s."id" = "books"."ledger"."id")
GO
UPDATE "books"."ledger" SET "_deleted_at" = CAST(N'2026-05-02T13:00:00.000000Z' AS DATETIMEOFFSET(6)) WHERE "books"."ledger"."_company" = N'acme' AND "_deleted_at" IS NULL AND NOT EXISTS (SELECT 1 FROM #poweroffice_ids s WHERE s."id" = "books"."ledger"."id")
GO
UPDATE "books"."ledger" SET "_deleted_at" = NULL WHERE "books"."ledger"."_company" = N'acme' AND "_deleted_at" IS NOT NULL AND EXISTS (SELECT 1 FROM #poweroffice_ids s WHERE s."id" = "books"."ledger"."id")
GO
COMMIT TRANSACTION
GO
DROP TABLE IF EXISTS #poweroffice_stage, #poweroffice_ids
GO
