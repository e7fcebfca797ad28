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
CREATE TABLE "ledger" ("id" BIGINT NOT NULL, "account_no" DECIMAL(38, 10), "amount" DECIMAL(38, 10), "posting_date" NVARCHAR(MAX), "voucher_no" DECIMAL(38, 10), "_extra" NVARCHAR(MAX), "_company" NVARCHAR(512) COLLATE Latin1_General_100_BIN2 NOT NULL, "_loaded_at" DATETIMEOFFSET(6), "_run_id" NVARCHAR(512) COLLATE Latin1_General_100_BIN2, "_task" NVARCHAR(512) COLLATE Latin1_General_100_BIN2, "_deleted_at" DATETIMEOFFSET(6), PRIMARY KEY NONCLUSTERED ("_company", "id"))
GO
DECLARE @schema SYSNAME = OBJECT_SCHEMA_NAME(OBJECT_ID(N'[ledger]')); EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'PowerOffice Go AccountTransactions: one row for each _company, id; made by airflow-provider-poweroffice', @level0type = N'SCHEMA', @level0name = @schema, @level1type = N'TABLE', @level1name = N'ledger'
GO
DECLARE @schema SYSNAME = OBJECT_SCHEMA_NAME(OBJECT_ID(N'[ledger]')); EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'Id of the API', @level0type = N'SCHEMA', @level0name = @schema, @level1type = N'TABLE', @level1name = N'ledger', @level2type = N'COLUMN', @level2name = N'id'
GO
DECLARE @schema SYSNAME = OBJECT_SCHEMA_NAME(OBJECT_ID(N'[ledger]')); EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'AccountNo of the API', @level0type = N'SCHEMA', @level0name = @schema, @level1type = N'TABLE', @level1name = N'ledger', @level2type = N'COLUMN', @level2name = N'account_no'
GO
DECLARE @schema SYSNAME = OBJECT_SCHEMA_NAME(OBJECT_ID(N'[ledger]')); EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'Amount of the API', @level0type = N'SCHEMA', @level0name = @schema, @level1type = N'TABLE', @level1name = N'ledger', @level2type = N'COLUMN', @level2name = N'amount'
GO
DECLARE @schema SYSNAME = OBJECT_SCHEMA_NAME(OBJECT_ID(N'[ledger]')); EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'PostingDate of the API', @level0type = N'SCHEMA', @level0name = @schema, @level1type = N'TABLE', @level1name = N'ledger', @level2type = N'COLUMN', @level2name = N'posting_date'
GO
DECLARE @schema SYSNAME = OBJECT_SCHEMA_NAME(OBJECT_ID(N'[ledger]')); EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'VoucherNo of the API', @level0type = N'SCHEMA', @level0name = @schema, @level1type = N'TABLE', @level1name = N'ledger', @level2type = N'COLUMN', @level2name = N'voucher_no'
GO
DECLARE @schema SYSNAME = OBJECT_SCHEMA_NAME(OBJECT_ID(N'[ledger]')); EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'fields that have no column of their own', @level0type = N'SCHEMA', @level0name = @schema, @level1type = N'TABLE', @level1name = N'ledger', @level2type = N'COLUMN', @level2name = N'_extra'
GO
DECLARE @schema SYSNAME = OBJECT_SCHEMA_NAME(OBJECT_ID(N'[ledger]')); EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'the company that the row belongs to', @level0type = N'SCHEMA', @level0name = @schema, @level1type = N'TABLE', @level1name = N'ledger', @level2type = N'COLUMN', @level2name = N'_company'
GO
DECLARE @schema SYSNAME = OBJECT_SCHEMA_NAME(OBJECT_ID(N'[ledger]')); EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'when the load that wrote the row began', @level0type = N'SCHEMA', @level0name = @schema, @level1type = N'TABLE', @level1name = N'ledger', @level2type = N'COLUMN', @level2name = N'_loaded_at'
GO
DECLARE @schema SYSNAME = OBJECT_SCHEMA_NAME(OBJECT_ID(N'[ledger]')); EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'the Airflow run that wrote the row', @level0type = N'SCHEMA', @level0name = @schema, @level1type = N'TABLE', @level1name = N'ledger', @level2type = N'COLUMN', @level2name = N'_run_id'
GO
DECLARE @schema SYSNAME = OBJECT_SCHEMA_NAME(OBJECT_ID(N'[ledger]')); EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'the task of that run', @level0type = N'SCHEMA', @level0name = @schema, @level1type = N'TABLE', @level1name = N'ledger', @level2type = N'COLUMN', @level2name = N'_task'
GO
DECLARE @schema SYSNAME = OBJECT_SCHEMA_NAME(OBJECT_ID(N'[ledger]')); EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'when the row was found to be gone; null while it is there', @level0type = N'SCHEMA', @level0name = @schema, @level1type = N'TABLE', @level1name = N'ledger', @level2type = N'COLUMN', @level2name = N'_deleted_at'
GO
COMMIT TRANSACTION
GO
BEGIN TRANSACTION
GO
CREATE TABLE #poweroffice_stage ("poweroffice_row" BIGINT, "id" BIGINT, "account_no" DECIMAL(38, 10), "amount" DECIMAL(38, 10), "posting_date" NVARCHAR(MAX), "voucher_no" DECIMAL(38, 10), "_extra" NVARCHAR(MAX))
GO
COMMIT TRANSACTION
GO
BEGIN TRANSACTION
GO
INSERT INTO #poweroffice_stage ("poweroffice_row", "id", "account_no", "amount", "posting_date", "voucher_no", "_extra") SELECT * FROM OPENJSON(CAST(N'[[0, 1, "1", "1", "2026-05-02", "1", null]]' AS NVARCHAR(MAX))) WITH (c0 NVARCHAR(MAX) '$[0]', c1 NVARCHAR(MAX) '$[1]', c2 NVARCHAR(MAX) '$[2]', c3 NVARCHAR(MAX) '$[3]', c4 NVARCHAR(MAX) '$[4]', c5 NVARCHAR(MAX) '$[5]', c6 NVARCHAR(MAX) '$[6]')
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
SET NOCOUNT ON; DECLARE @got INT, @name NVARCHAR(255) = CONCAT(N'poweroffice ', OBJECT_ID(N'[ledger]'), N' ', CONVERT(NVARCHAR(64), HASHBYTES('SHA2_256', N'acme'), 2)); EXEC @got = sys.sp_getapplock @Resource = @name, @LockMode = 'Exclusive', @LockOwner = 'Transaction', @LockTimeout = 1000; SET NOCOUNT OFF; SELECT @got
GO
SELECT count(*) FROM #poweroffice_stage s JOIN "ledger" t ON t."_company" = N'acme' AND t."id" = s."id" WHERE s."poweroffice_row" >= 0 AND s."poweroffice_row" < 1
GO
INSERT INTO "ledger" ("id", "account_no", "amount", "posting_date", "voucher_no", "_extra", "_company", "_loaded_at", "_run_id", "_task") SELECT "id", "account_no", "amount", "posting_date", "voucher_no", "_extra", CAST(N'acme' AS NVARCHAR(MAX)), CAST(N'2026-05-02T13:00:00.000000Z' AS DATETIMEOFFSET(6)), CAST(N'run 1' AS NVARCHAR(MAX)), CAST(N'd.t' AS NVARCHAR(MAX)) FROM #poweroffice_stage s WHERE "poweroffice_row" >= 0 AND "poweroffice_row" < 1
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
SELECT name, TYPE_NAME(system_type_id), max_length, [precision], scale, collation_name FROM sys.columns WHERE object_id = OBJECT_ID(N'[raw]') ORDER BY column_id
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
SET NOCOUNT ON; DECLARE @got INT, @name NVARCHAR(255) = CONCAT(N'poweroffice ', LOWER(N'raw'), N' ', CONVERT(NVARCHAR(64), HASHBYTES('SHA2_256', N''), 2)); EXEC @got = sys.sp_getapplock @Resource = @name, @LockMode = 'Exclusive', @LockOwner = 'Transaction', @LockTimeout = 1000; SET NOCOUNT OFF; SELECT @got
GO
SELECT name, TYPE_NAME(system_type_id), max_length, [precision], scale, collation_name FROM sys.columns WHERE object_id = OBJECT_ID(N'[raw]') ORDER BY column_id
GO
CREATE TABLE "raw" ("id" NVARCHAR(425) COLLATE Latin1_General_100_BIN2 NOT NULL, "changed_at" DATETIMEOFFSET(6), "payload" NVARCHAR(MAX), "company" NVARCHAR(425) COLLATE Latin1_General_100_BIN2 NOT NULL, "loaded_at" DATETIMEOFFSET(6), "run_id" NVARCHAR(512) COLLATE Latin1_General_100_BIN2, "task" NVARCHAR(512) COLLATE Latin1_General_100_BIN2, "deleted_at" DATETIMEOFFSET(6), PRIMARY KEY NONCLUSTERED ("company", "id"))
GO
DECLARE @schema SYSNAME = OBJECT_SCHEMA_NAME(OBJECT_ID(N'[raw]')); EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'PowerOffice Go AccountTransactions: one row for each company, id; made by airflow-provider-poweroffice', @level0type = N'SCHEMA', @level0name = @schema, @level1type = N'TABLE', @level1name = N'raw'
GO
DECLARE @schema SYSNAME = OBJECT_SCHEMA_NAME(OBJECT_ID(N'[raw]')); EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'Id, as text', @level0type = N'SCHEMA', @level0name = @schema, @level1type = N'TABLE', @level1name = N'raw', @level2type = N'COLUMN', @level2name = N'id'
GO
DECLARE @schema SYSNAME = OBJECT_SCHEMA_NAME(OBJECT_ID(N'[raw]')); EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'when the row changed last, by the API', @level0type = N'SCHEMA', @level0name = @schema, @level1type = N'TABLE', @level1name = N'raw', @level2type = N'COLUMN', @level2name = N'changed_at'
GO
DECLARE @schema SYSNAME = OBJECT_SCHEMA_NAME(OBJECT_ID(N'[raw]')); EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'the row as the API sent it', @level0type = N'SCHEMA', @level0name = @schema, @level1type = N'TABLE', @level1name = N'raw', @level2type = N'COLUMN', @level2name = N'payload'
GO
DECLARE @schema SYSNAME = OBJECT_SCHEMA_NAME(OBJECT_ID(N'[raw]')); EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'the company that the row belongs to', @level0type = N'SCHEMA', @level0name = @schema, @level1type = N'TABLE', @level1name = N'raw', @level2type = N'COLUMN', @level2name = N'company'
GO
DECLARE @schema SYSNAME = OBJECT_SCHEMA_NAME(OBJECT_ID(N'[raw]')); EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'when the load that wrote the row began', @level0type = N'SCHEMA', @level0name = @schema, @level1type = N'TABLE', @level1name = N'raw', @level2type = N'COLUMN', @level2name = N'loaded_at'
GO
DECLARE @schema SYSNAME = OBJECT_SCHEMA_NAME(OBJECT_ID(N'[raw]')); EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'the Airflow run that wrote the row', @level0type = N'SCHEMA', @level0name = @schema, @level1type = N'TABLE', @level1name = N'raw', @level2type = N'COLUMN', @level2name = N'run_id'
GO
DECLARE @schema SYSNAME = OBJECT_SCHEMA_NAME(OBJECT_ID(N'[raw]')); EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'the task of that run', @level0type = N'SCHEMA', @level0name = @schema, @level1type = N'TABLE', @level1name = N'raw', @level2type = N'COLUMN', @level2name = N'task'
GO
DECLARE @schema SYSNAME = OBJECT_SCHEMA_NAME(OBJECT_ID(N'[raw]')); EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'when the row was found to be gone; null while it is there', @level0type = N'SCHEMA', @level0name = @schema, @level1type = N'TABLE', @level1name = N'raw', @level2type = N'COLUMN', @level2name = N'deleted_at'
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
SET NOCOUNT ON; DECLARE @got INT, @name NVARCHAR(255) = CONCAT(N'poweroffice ', OBJECT_ID(N'[raw]'), N' ', CONVERT(NVARCHAR(64), HASHBYTES('SHA2_256', N'acme'), 2)); EXEC @got = sys.sp_getapplock @Resource = @name, @LockMode = 'Exclusive', @LockOwner = 'Transaction', @LockTimeout = 1000; SET NOCOUNT OFF; SELECT @got
GO
SELECT count(*) FROM #poweroffice_stage s JOIN "raw" t ON t."company" = N'acme' AND t."id" = s."id" WHERE s."poweroffice_row" >= 0 AND s."poweroffice_row" < 1
GO
INSERT INTO "raw" ("id", "changed_at", "payload", "company", "loaded_at", "run_id", "task") SELECT "id", "changed_at", "payload", CAST(N'acme' AS NVARCHAR(MAX)), CAST(N'2026-05-02T13:00:00.000000Z' AS DATETIMEOFFSET(6)), CAST(N'run 1' AS NVARCHAR(MAX)), CAST(N'd.t' AS NVARCHAR(MAX)) FROM #poweroffice_stage s WHERE "poweroffice_row" >= 0 AND "poweroffice_row" < 1
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
SELECT "account_no", sum(CAST("amount" AS DECIMAL(38, 10))) FROM "ledger" WHERE "_company" = N'acme' AND "_deleted_at" IS NULL AND "posting_date" >= N'2026-01-01' AND "posting_date" <= N'2026-12-31' GROUP BY "account_no"
GO
SELECT count(DISTINCT "voucher_no") FROM "ledger" WHERE "_company" = N'acme' AND "_deleted_at" IS NULL
GO
SELECT voucher, total FROM (SELECT "voucher_no" AS voucher, sum(CAST("amount" AS DECIMAL(38, 10))) AS total FROM "ledger" WHERE "_company" = N'acme' AND "_deleted_at" IS NULL GROUP BY "voucher_no") AS vouchers WHERE total + 0 <> 0
GO
COMMIT TRANSACTION
GO
SET ANSI_NULLS ON; SET ANSI_NULL_DFLT_ON ON; SET ANSI_PADDING ON; SET ANSI_WARNINGS ON; SET ARITHABORT ON; SET CONCAT_NULL_YIELDS_NULL ON; SET QUOTED_IDENTIFIER ON; SET XACT_ABORT ON
GO
SET TRANSACTION ISOLATION LEVEL READ COMMITTED
GO
BEGIN TRANSACTION
GO
SELECT name, TYPE_NAME(system_type_id), max_length, [precision], scale, collation_name FROM sys.columns WHERE object_id = OBJECT_ID(N'[raw]') ORDER BY column_id
GO
SELECT JSON_VALUE("payload", '$.AccountNo'), sum(CAST(JSON_VALUE("payload", '$.Amount') AS DECIMAL(38, 10))) FROM "raw" WHERE "company" = N'acme' AND "deleted_at" IS NULL AND substring(JSON_VALUE("payload", '$.PostingDate'), 1, 10) >= N'2026-01-01' AND substring(JSON_VALUE("payload", '$.PostingDate'), 1, 10) <= N'2026-12-31' GROUP BY JSON_VALUE("payload", '$.AccountNo')
GO
SELECT count(DISTINCT JSON_VALUE("payload", '$.VoucherNo')) FROM "raw" WHERE "company" = N'acme' AND "deleted_at" IS NULL
GO
SELECT voucher, total FROM (SELECT JSON_VALUE("payload", '$.VoucherNo') AS voucher, sum(CAST(JSON_VALUE("payload", '$.Amount') AS DECIMAL(38, 10))) AS total FROM "raw" WHERE "company" = N'acme' AND "deleted_at" IS NULL GROUP BY JSON_VALUE("payload", '$.VoucherNo')) AS vouchers WHERE total + 0 <> 0
GO
COMMIT TRANSACTION
GO
