SET ANSI_NULLS ON; SET ANSI_NULL_DFLT_ON ON; SET ANSI_PADDING ON; SET ANSI_WARNINGS ON; SET ARITHABORT ON; SET CONCAT_NULL_YIELDS_NULL ON; SET QUOTED_IDENTIFIER ON; SET XACT_ABORT ON
GO
SET TRANSACTION ISOLATION LEVEL READ COMMITTED
GO
BEGIN TRANSACTION
GO
SELECT name, TYPE_NAME(system_type_id), max_length, [precision], scale, collation_name FROM sys.columns WHERE object_id = OBJECT_ID(N'[ledger]') ORDER BY column_id
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
SELECT name, TYPE_NAME(system_type_id), max_length, [precision], scale, collation_name FROM sys.columns WHERE object_id = OBJECT_ID(N'[ledger]') ORDER BY column_id
GO
CREATE TABLE "ledger" ("id" NVARCHAR(425) COLLATE Latin1_General_100_BIN2 NOT NULL, "changed_at" DATETIMEOFFSET(6), "payload" NVARCHAR(MAX), "company" NVARCHAR(425) COLLATE Latin1_General_100_BIN2 NOT NULL, "loaded_at" DATETIMEOFFSET(6), "run_id" NVARCHAR(512) COLLATE Latin1_General_100_BIN2, "task" NVARCHAR(512) COLLATE Latin1_General_100_BIN2, "deleted_at" DATETIMEOFFSET(6), PRIMARY KEY NONCLUSTERED ("company", "id"))
GO
DECLARE @schema SYSNAME = OBJECT_SCHEMA_NAME(OBJECT_ID(N'[ledger]')); EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'PowerOffice Go AccountTransactions: one row for each company, id; made by airflow-provider-poweroffice', @level0type = N'SCHEMA', @level0name = @schema, @level1type = N'TABLE', @level1name = N'ledger'
GO
DECLARE @schema SYSNAME = OBJECT_SCHEMA_NAME(OBJECT_ID(N'[ledger]')); EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'Id, as text', @level0type = N'SCHEMA', @level0name = @schema, @level1type = N'TABLE', @level1name = N'ledger', @level2type = N'COLUMN', @level2name = N'id'
GO
DECLARE @schema SYSNAME = OBJECT_SCHEMA_NAME(OBJECT_ID(N'[ledger]')); EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'when the row changed last, by the API', @level0type = N'SCHEMA', @level0name = @schema, @level1type = N'TABLE', @level1name = N'ledger', @level2type = N'COLUMN', @level2name = N'changed_at'
GO
DECLARE @schema SYSNAME = OBJECT_SCHEMA_NAME(OBJECT_ID(N'[ledger]')); EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'the row as the API sent it', @level0type = N'SCHEMA', @level0name = @schema, @level1type = N'TABLE', @level1name = N'ledger', @level2type = N'COLUMN', @level2name = N'payload'
GO
DECLARE @schema SYSNAME = OBJECT_SCHEMA_NAME(OBJECT_ID(N'[ledger]')); EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'the company that the row belongs to', @level0type = N'SCHEMA', @level0name = @schema, @level1type = N'TABLE', @level1name = N'ledger', @level2type = N'COLUMN', @level2name = N'company'
GO
DECLARE @schema SYSNAME = OBJECT_SCHEMA_NAME(OBJECT_ID(N'[ledger]')); EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'when the load that wrote the row began', @level0type = N'SCHEMA', @level0name = @schema, @level1type = N'TABLE', @level1name = N'ledger', @level2type = N'COLUMN', @level2name = N'loaded_at'
GO
DECLARE @schema SYSNAME = OBJECT_SCHEMA_NAME(OBJECT_ID(N'[ledger]')); EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'the Airflow run that wrote the row', @level0type = N'SCHEMA', @level0name = @schema, @level1type = N'TABLE', @level1name = N'ledger', @level2type = N'COLUMN', @level2name = N'run_id'
GO
DECLARE @schema SYSNAME = OBJECT_SCHEMA_NAME(OBJECT_ID(N'[ledger]')); EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'the task of that run', @level0type = N'SCHEMA', @level0name = @schema, @level1type = N'TABLE', @level1name = N'ledger', @level2type = N'COLUMN', @level2name = N'task'
GO
DECLARE @schema SYSNAME = OBJECT_SCHEMA_NAME(OBJECT_ID(N'[ledger]')); EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'when the row was found to be gone; null while it is there', @level0type = N'SCHEMA', @level0name = @schema, @level1type = N'TABLE', @level1name = N'ledger', @level2type = N'COLUMN', @level2name = N'deleted_at'
GO
COMMIT TRANSACTION
GO
BEGIN TRANSACTION
GO
CREATE TABLE #poweroffice_stage ("poweroffice_row" BIGINT, "id" NVARCHAR(512) COLLATE Latin1_General_100_BIN2 CHECK (DATALENGTH("id") = DATALENGTH(RTRIM("id"))), "changed_at" DATETIMEOFFSET(6), "payload" NVARCHAR(MAX))
GO
COMMIT TRANSACTION
GO
BEGIN TRANSACTION
GO
INSERT INTO #poweroffice_stage ("poweroffice_row", "id", "changed_at", "payload") SELECT * FROM OPENJSON(CAST(N'[[0, "1", "2026-05-02T13:09:55.910340Z", "{\"Id\": 1, \"Amount\": 1.5, \"Name\": \"it''s \\\\\\n100 % \u00f8\ud83d\ude00\", \"Date\": \"2026-05-02\", \"Open\": true, \"LastChangedDateTimeOffset\": \"2026-05-02T13:09:55.9103401Z\", \"Address\": {\"City\": \"Bod\u00f8\"}}"]]' AS NVARCHAR(MAX))) WITH (c0 NVARCHAR(MAX) '$[0]', c1 NVARCHAR(MAX) '$[1]', c2 NVARCHAR(MAX) '$[2]', c3 NVARCHAR(MAX) '$[3]')
GO
COMMIT TRANSACTION
GO
BEGIN TRANSACTION
GO
DELETE FROM #poweroffice_stage WHERE "poweroffice_row" IN (SELECT "poweroffice_row" FROM (SELECT "poweroffice_row", row_number() OVER (PARTITION BY "id" ORDER BY "poweroffice_row" DESC) AS n FROM #poweroffice_stage) AS numbered WHERE n > 1)
GO
COMMIT TRANSACTION
GO
BEGIN TRANSACTION
GO
CREATE INDEX poweroffice_stage_key ON #poweroffice_stage ("id")
GO
COMMIT TRANSACTION
GO
BEGIN TRANSACTION
GO
SET NOCOUNT ON; DECLARE @got INT, @name NVARCHAR(255) = CONCAT(N'poweroffice ', OBJECT_ID(N'[ledger]'), N' ', CONVERT(NVARCHAR(64), HASHBYTES('SHA2_256', N'acme'), 2)); EXEC @got = sys.sp_getapplock @Resource = @name, @LockMode = 'Exclusive', @LockOwner = 'Transaction', @LockTimeout = 1000; SET NOCOUNT OFF; SELECT @got
GO
SELECT count(*) FROM "ledger" WHERE "ledger"."company" = N'acme' AND "deleted_at" IS NULL
GO
SELECT count(*) FROM "ledger" WHERE "ledger"."company" = N'acme' AND "deleted_at" IS NOT NULL AND EXISTS (SELECT 1 FROM #poweroffice_stage s WHERE s."id" = "ledger"."id")
GO
SELECT count(*) FROM #poweroffice_stage s JOIN "ledger" t ON t."company" = N'acme' AND t."id" = s."id" WHERE s."poweroffice_row" >= 0 AND s."poweroffice_row" < 1
GO
INSERT INTO "ledger" ("id", "changed_at", "payload", "company", "loaded_at", "run_id", "task") SELECT "id", "changed_at", "payload", CAST(N'acme' AS NVARCHAR(MAX)), CAST(N'2026-05-02T13:00:00.000000Z' AS DATETIMEOFFSET(6)), CAST(N'run 1' AS NVARCHAR(MAX)), CAST(N'd.t' AS NVARCHAR(MAX)) FROM #poweroffice_stage s WHERE "poweroffice_row" >= 0 AND "poweroffice_row" < 1
GO
SELECT count(*) FROM "ledger" WHERE "ledger"."company" = N'acme' AND "deleted_at" IS NULL
GO
SELECT count(*) FROM "ledger" WHERE "ledger"."company" = N'acme' AND "deleted_at" IS NULL AND NOT EXISTS (SELECT 1 FROM #poweroffice_stage s WHERE s."id" = "ledger"."id")
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
SELECT name, TYPE_NAME(system_type_id), max_length, [precision], scale, collation_name FROM sys.columns WHERE object_id = OBJECT_ID(N'[ledger]') ORDER BY column_id
GO
SELECT CAST(value AS NVARCHAR(4000)) FROM sys.extended_properties WHERE class = 1 AND major_id = OBJECT_ID(N'[ledger]') AND minor_id = 0 AND name = N'MS_Description'
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
SELECT name, TYPE_NAME(system_type_id), max_length, [precision], scale, collation_name FROM sys.columns WHERE object_id = OBJECT_ID(N'[ledger]') ORDER BY column_id
GO
COMMIT TRANSACTION
GO
BEGIN TRANSACTION
GO
CREATE TABLE #poweroffice_stage ("poweroffice_row" BIGINT, "id" nvarchar(425) COLLATE Latin1_General_100_BIN2 CHECK (DATALENGTH("id") = DATALENGTH(RTRIM("id"))), "changed_at" datetimeoffset(6), "payload" nvarchar(MAX) COLLATE Danish_Norwegian_CI_AS)
GO
COMMIT TRANSACTION
GO
BEGIN TRANSACTION
GO
INSERT INTO #poweroffice_stage ("poweroffice_row", "id", "changed_at", "payload") SELECT * FROM OPENJSON(CAST(N'[[0, "1", "2026-05-02T13:09:55.910340Z", "{\"Id\": 1, \"Amount\": 1.5, \"Name\": \"it''s \\\\\\n100 % \u00f8\ud83d\ude00\", \"Date\": \"2026-05-02\", \"Open\": true, \"LastChangedDateTimeOffset\": \"2026-05-02T13:09:55.9103401Z\", \"Address\": {\"City\": \"Bod\u00f8\"}}"],[1, "2", null, "{\"Id\": 2, \"Amount\": 12E2, \"Name\": \"x\", \"Date\": null, \"Open\": false}"]]' AS NVARCHAR(MAX))) WITH (c0 NVARCHAR(MAX) '$[0]', c1 NVARCHAR(MAX) '$[1]', c2 NVARCHAR(MAX) '$[2]', c3 NVARCHAR(MAX) '$[3]')
GO
COMMIT TRANSACTION
GO
BEGIN TRANSACTION
GO
DELETE FROM #poweroffice_stage WHERE "poweroffice_row" IN (SELECT "poweroffice_row" FROM (SELECT "poweroffice_row", row_number() OVER (PARTITION BY "id" ORDER BY "poweroffice_row" DESC) AS n FROM #poweroffice_stage) AS numbered WHERE n > 1)
GO
COMMIT TRANSACTION
GO
BEGIN TRANSACTION
GO
CREATE INDEX poweroffice_stage_key ON #poweroffice_stage ("id")
GO
COMMIT TRANSACTION
GO
BEGIN TRANSACTION
GO
SET NOCOUNT ON; DECLARE @got INT, @name NVARCHAR(255) = CONCAT(N'poweroffice ', OBJECT_ID(N'[ledger]'), N' ', CONVERT(NVARCHAR(64), HASHBYTES('SHA2_256', N'acme'), 2)); EXEC @got = sys.sp_getapplock @Resource = @name, @LockMode = 'Exclusive', @LockOwner = 'Transaction', @LockTimeout = 1000; SET NOCOUNT OFF; SELECT @got
GO
SELECT count(*) FROM "ledger" WHERE "ledger"."company" = N'acme' AND "deleted_at" IS NULL
GO
SELECT count(*) FROM "ledger" WHERE "ledger"."company" = N'acme' AND "deleted_at" IS NOT NULL AND EXISTS (SELECT 1 FROM #poweroffice_stage s WHERE s."id" = "ledger"."id")
GO
SELECT count(*) FROM #poweroffice_stage s JOIN "ledger" t ON t."company" = N'acme' AND t."id" = s."id" WHERE s."poweroffice_row" >= 0 AND s."poweroffice_row" < 2
GO
UPDATE t SET t."changed_at" = s."changed_at", t."payload" = s."payload", t."loaded_at" = CAST(N'2026-05-02T13:00:00.000000Z' AS DATETIMEOFFSET(6)), t."run_id" = CAST(N'run 2' AS NVARCHAR(MAX)), t."task" = CAST(N'd.t' AS NVARCHAR(MAX)), t."deleted_at" = NULL FROM "ledger" t JOIN #poweroffice_stage s ON t."id" = s."id" WHERE t."company" = N'acme' AND s."poweroffice_row" >= 0 AND s."poweroffice_row" < 2
GO
INSERT INTO "ledger" ("id", "changed_at", "payload", "company", "loaded_at", "run_id", "task") SELECT "id", "changed_at", "payload", CAST(N'acme' AS NVARCHAR(MAX)), CAST(N'2026-05-02T13:00:00.000000Z' AS DATETIMEOFFSET(6)), CAST(N'run 2' AS NVARCHAR(MAX)), CAST(N'd.t' AS NVARCHAR(MAX)) FROM #poweroffice_stage s WHERE "poweroffice_row" >= 0 AND "poweroffice_row" < 2 AND NOT EXISTS (SELECT 1 FROM "ledger" t WHERE t."company" = N'acme' AND t."id" = s."id")
GO
SELECT count(*) FROM "ledger" WHERE "ledger"."company" = N'acme' AND "deleted_at" IS NULL
GO
SELECT count(*) FROM "ledger" WHERE "ledger"."company" = N'acme' AND "deleted_at" IS NULL AND NOT EXISTS (SELECT 1 FROM #poweroffice_stage s WHERE s."id" = "ledger"."id")
GO
UPDATE "ledger" SET "deleted_at" = CAST(N'2026-05-02T13:00:00.000000Z' AS DATETIMEOFFSET(6)) WHERE "ledger"."company" = N'acme' AND "deleted_at" IS NULL AND NOT EXISTS (SELECT 1 FROM #poweroffice_stage s WHERE s."id" = "ledger"."id")
GO
UPDATE "ledger" SET "deleted_at" = NULL WHERE "ledger"."company" = N'acme' AND "deleted_at" IS NOT NULL AND EXISTS (SELECT 1 FROM #poweroffice_stage s WHERE s."id" = "ledger"."id")
GO
COMMIT TRANSACTION
GO
DROP TABLE IF EXISTS #poweroffice_stage, #poweroffice_ids
GO
