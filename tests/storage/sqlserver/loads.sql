SET ANSI_NULLS ON; SET ANSI_NULL_DFLT_ON ON; SET ANSI_PADDING ON; SET ANSI_WARNINGS ON; SET ARITHABORT ON; SET CONCAT_NULL_YIELDS_NULL ON; SET QUOTED_IDENTIFIER ON; SET XACT_ABORT ON
GO
SET TRANSACTION ISOLATION LEVEL READ COMMITTED
GO
BEGIN TRANSACTION
GO
SET NOCOUNT ON; DECLARE @got INT, @name NVARCHAR(255) = CONCAT(N'poweroffice ', LOWER(N'_loads'), N' ', CONVERT(NVARCHAR(64), HASHBYTES('SHA2_256', N''), 2)); EXEC @got = sys.sp_getapplock @Resource = @name, @LockMode = 'Exclusive', @LockOwner = 'Transaction', @LockTimeout = 1000; SET NOCOUNT OFF; SELECT @got
GO
SELECT name, TYPE_NAME(system_type_id), max_length, [precision], scale, collation_name FROM sys.columns WHERE object_id = OBJECT_ID(N'[books].[_loads]') ORDER BY column_id
GO
CREATE TABLE "books"."_loads" ("run_id" NVARCHAR(283) COLLATE Latin1_General_100_BIN2 NOT NULL, "task" NVARCHAR(283) COLLATE Latin1_General_100_BIN2 NOT NULL, "company" NVARCHAR(283) COLLATE Latin1_General_100_BIN2 NOT NULL, "resource" NVARCHAR(512) COLLATE Latin1_General_100_BIN2, "table_name" NVARCHAR(512) COLLATE Latin1_General_100_BIN2, "outcome" NVARCHAR(512) COLLATE Latin1_General_100_BIN2, "rows_loaded" BIGINT, "inserted" BIGINT, "updated" BIGINT, "deleted" BIGINT, "marked_deleted" BIGINT, "seconds" DECIMAL(38, 3), "watermark" NVARCHAR(512) COLLATE Latin1_General_100_BIN2, "error" NVARCHAR(MAX), "recorded_at" DATETIMEOFFSET(6), "began_at" DATETIMEOFFSET(6), "ended_at" DATETIMEOFFSET(6), PRIMARY KEY NONCLUSTERED ("run_id", "task", "company"))
GO
DECLARE @schema SYSNAME = OBJECT_SCHEMA_NAME(OBJECT_ID(N'[books].[_loads]')); EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'PowerOffice Go loads: one row for each run_id, task, company; made by airflow-provider-poweroffice', @level0type = N'SCHEMA', @level0name = @schema, @level1type = N'TABLE', @level1name = N'_loads'
GO
DECLARE @schema SYSNAME = OBJECT_SCHEMA_NAME(OBJECT_ID(N'[books].[_loads]')); EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'the Airflow run, as in _run_id of the rows', @level0type = N'SCHEMA', @level0name = @schema, @level1type = N'TABLE', @level1name = N'_loads', @level2type = N'COLUMN', @level2name = N'run_id'
GO
DECLARE @schema SYSNAME = OBJECT_SCHEMA_NAME(OBJECT_ID(N'[books].[_loads]')); EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'the task of the run, as in _task of the rows, without a map index', @level0type = N'SCHEMA', @level0name = @schema, @level1type = N'TABLE', @level1name = N'_loads', @level2type = N'COLUMN', @level2name = N'task'
GO
DECLARE @schema SYSNAME = OBJECT_SCHEMA_NAME(OBJECT_ID(N'[books].[_loads]')); EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'the company, as in _company of the rows', @level0type = N'SCHEMA', @level0name = @schema, @level1type = N'TABLE', @level1name = N'_loads', @level2type = N'COLUMN', @level2name = N'company'
GO
DECLARE @schema SYSNAME = OBJECT_SCHEMA_NAME(OBJECT_ID(N'[books].[_loads]')); EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'what was read', @level0type = N'SCHEMA', @level0name = @schema, @level1type = N'TABLE', @level1name = N'_loads', @level2type = N'COLUMN', @level2name = N'resource'
GO
DECLARE @schema SYSNAME = OBJECT_SCHEMA_NAME(OBJECT_ID(N'[books].[_loads]')); EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'the table of the rows', @level0type = N'SCHEMA', @level0name = @schema, @level1type = N'TABLE', @level1name = N'_loads', @level2type = N'COLUMN', @level2name = N'table_name'
GO
DECLARE @schema SYSNAME = OBJECT_SCHEMA_NAME(OBJECT_ID(N'[books].[_loads]')); EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'loaded, unchanged, left_out, failed, unknown or not_run', @level0type = N'SCHEMA', @level0name = @schema, @level1type = N'TABLE', @level1name = N'_loads', @level2type = N'COLUMN', @level2name = N'outcome'
GO
DECLARE @schema SYSNAME = OBJECT_SCHEMA_NAME(OBJECT_ID(N'[books].[_loads]')); EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'rows that were read and stored', @level0type = N'SCHEMA', @level0name = @schema, @level1type = N'TABLE', @level1name = N'_loads', @level2type = N'COLUMN', @level2name = N'rows_loaded'
GO
DECLARE @schema SYSNAME = OBJECT_SCHEMA_NAME(OBJECT_ID(N'[books].[_loads]')); EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'of them, those that the table did not have', @level0type = N'SCHEMA', @level0name = @schema, @level1type = N'TABLE', @level1name = N'_loads', @level2type = N'COLUMN', @level2name = N'inserted'
GO
DECLARE @schema SYSNAME = OBJECT_SCHEMA_NAME(OBJECT_ID(N'[books].[_loads]')); EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'of them, those that it had', @level0type = N'SCHEMA', @level0name = @schema, @level1type = N'TABLE', @level1name = N'_loads', @level2type = N'COLUMN', @level2name = N'updated'
GO
DECLARE @schema SYSNAME = OBJECT_SCHEMA_NAME(OBJECT_ID(N'[books].[_loads]')); EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'rows deleted before: all of the company''s (replace)', @level0type = N'SCHEMA', @level0name = @schema, @level1type = N'TABLE', @level1name = N'_loads', @level2type = N'COLUMN', @level2name = N'deleted'
GO
DECLARE @schema SYSNAME = OBJECT_SCHEMA_NAME(OBJECT_ID(N'[books].[_loads]')); EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'rows found to be gone, and marked', @level0type = N'SCHEMA', @level0name = @schema, @level1type = N'TABLE', @level1name = N'_loads', @level2type = N'COLUMN', @level2name = N'marked_deleted'
GO
DECLARE @schema SYSNAME = OBJECT_SCHEMA_NAME(OBJECT_ID(N'[books].[_loads]')); EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'from the first request to the last row', @level0type = N'SCHEMA', @level0name = @schema, @level1type = N'TABLE', @level1name = N'_loads', @level2type = N'COLUMN', @level2name = N'seconds'
GO
DECLARE @schema SYSNAME = OBJECT_SCHEMA_NAME(OBJECT_ID(N'[books].[_loads]')); EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'what the next run goes on from', @level0type = N'SCHEMA', @level0name = @schema, @level1type = N'TABLE', @level1name = N'_loads', @level2type = N'COLUMN', @level2name = N'watermark'
GO
DECLARE @schema SYSNAME = OBJECT_SCHEMA_NAME(OBJECT_ID(N'[books].[_loads]')); EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'why it is not loaded', @level0type = N'SCHEMA', @level0name = @schema, @level1type = N'TABLE', @level1name = N'_loads', @level2type = N'COLUMN', @level2name = N'error'
GO
DECLARE @schema SYSNAME = OBJECT_SCHEMA_NAME(OBJECT_ID(N'[books].[_loads]')); EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'when this row was written', @level0type = N'SCHEMA', @level0name = @schema, @level1type = N'TABLE', @level1name = N'_loads', @level2type = N'COLUMN', @level2name = N'recorded_at'
GO
DECLARE @schema SYSNAME = OBJECT_SCHEMA_NAME(OBJECT_ID(N'[books].[_loads]')); EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'when it began', @level0type = N'SCHEMA', @level0name = @schema, @level1type = N'TABLE', @level1name = N'_loads', @level2type = N'COLUMN', @level2name = N'began_at'
GO
DECLARE @schema SYSNAME = OBJECT_SCHEMA_NAME(OBJECT_ID(N'[books].[_loads]')); EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'when it ended', @level0type = N'SCHEMA', @level0name = @schema, @level1type = N'TABLE', @level1name = N'_loads', @level2type = N'COLUMN', @level2name = N'ended_at'
GO
COMMIT TRANSACTION
GO
BEGIN TRANSACTION
GO
SET NOCOUNT ON; DECLARE @got INT, @name NVARCHAR(255) = CONCAT(N'poweroffice ', OBJECT_ID(N'[books].[_loads]'), N' ', CONVERT(NVARCHAR(64), HASHBYTES('SHA2_256', N'r'), 2)); EXEC @got = sys.sp_getapplock @Resource = @name, @LockMode = 'Exclusive', @LockOwner = 'Transaction', @LockTimeout = 1000; SET NOCOUNT OFF; SELECT @got
GO
DELETE FROM "books"."_loads" WHERE "run_id" = N'r' AND "task" = N'd.t' AND "company" IN (N'a')
GO
INSERT INTO "books"."_loads" ("run_id", "task", "company", "resource", "table_name", "outcome", "rows_loaded", "inserted", "updated", "deleted", "marked_deleted", "seconds", "watermark", "error", "recorded_at", "began_at", "ended_at") SELECT * FROM OPENJSON(CAST(N'[["r", "d.t", "a", "Customers", null, "loaded", null, null, null, null, null, null, null, null, "2026-05-02T13:00:00Z", null, null]]' AS NVARCHAR(MAX))) WITH (c0 NVARCHAR(MAX) '$[0]', c1 NVARCHAR(MAX) '$[1]', c2 NVARCHAR(MAX) '$[2]', c3 NVARCHAR(MAX) '$[3]', c4 NVARCHAR(MAX) '$[4]', c5 NVARCHAR(MAX) '$[5]', c6 NVARCHAR(MAX) '$[6]', c7 NVARCHAR(MAX) '$[7]', c8 NVARCHAR(MAX) '$[8]', c9 NVARCHAR(MAX) '$[9]', c10 NVARCHAR(MAX) '$[10]', c11 NVARCHAR(MAX) '$[11]', c12 NVARCHAR(MAX) '$[12]', c13 NVARCHAR(MAX) '$[13]', c14 NVARCHAR(MAX) '$[14]', c15 NVARCHAR(MAX) '$[15]', c16 NVARCHAR(MAX) '$[16]')
GO
COMMIT TRANSACTION
GO
SET ANSI_NULLS ON; SET ANSI_NULL_DFLT_ON ON; SET ANSI_PADDING ON; SET ANSI_WARNINGS ON; SET ARITHABORT ON; SET CONCAT_NULL_YIELDS_NULL ON; SET QUOTED_IDENTIFIER ON; SET XACT_ABORT ON
GO
SET TRANSACTION ISOLATION LEVEL READ COMMITTED
GO
BEGIN TRANSACTION
GO
SET NOCOUNT ON; DECLARE @got INT, @name NVARCHAR(255) = CONCAT(N'poweroffice ', LOWER(N'_loads'), N' ', CONVERT(NVARCHAR(64), HASHBYTES('SHA2_256', N''), 2)); EXEC @got = sys.sp_getapplock @Resource = @name, @LockMode = 'Exclusive', @LockOwner = 'Transaction', @LockTimeout = 1000; SET NOCOUNT OFF; SELECT @got
GO
SELECT name, TYPE_NAME(system_type_id), max_length, [precision], scale, collation_name FROM sys.columns WHERE object_id = OBJECT_ID(N'[books].[_loads]') ORDER BY column_id
GO
ALTER TABLE "books"."_loads" ADD "ended_at" DATETIMEOFFSET(6)
GO
DECLARE @schema SYSNAME = OBJECT_SCHEMA_NAME(OBJECT_ID(N'[books].[_loads]')); EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'when it ended', @level0type = N'SCHEMA', @level0name = @schema, @level1type = N'TABLE', @level1name = N'_loads', @level2type = N'COLUMN', @level2name = N'ended_at'
GO
COMMIT TRANSACTION
GO
BEGIN TRANSACTION
GO
SET NOCOUNT ON; DECLARE @got INT, @name NVARCHAR(255) = CONCAT(N'poweroffice ', OBJECT_ID(N'[books].[_loads]'), N' ', CONVERT(NVARCHAR(64), HASHBYTES('SHA2_256', N'r'), 2)); EXEC @got = sys.sp_getapplock @Resource = @name, @LockMode = 'Exclusive', @LockOwner = 'Transaction', @LockTimeout = 1000; SET NOCOUNT OFF; SELECT @got
GO
DELETE FROM "books"."_loads" WHERE "run_id" = N'r' AND "task" = N'd.t' AND "company" IN (N'a')
GO
INSERT INTO "books"."_loads" ("run_id", "task", "company", "resource", "table_name", "outcome", "rows_loaded", "inserted", "updated", "deleted", "marked_deleted", "seconds", "watermark", "error", "recorded_at", "began_at", "ended_at") SELECT * FROM OPENJSON(CAST(N'[["r", "d.t", "a", "Customers", null, "loaded", null, null, null, null, null, null, null, null, "2026-05-02T13:00:00Z", null, null]]' AS NVARCHAR(MAX))) WITH (c0 NVARCHAR(MAX) '$[0]', c1 NVARCHAR(MAX) '$[1]', c2 NVARCHAR(MAX) '$[2]', c3 NVARCHAR(MAX) '$[3]', c4 NVARCHAR(MAX) '$[4]', c5 NVARCHAR(MAX) '$[5]', c6 NVARCHAR(MAX) '$[6]', c7 NVARCHAR(MAX) '$[7]', c8 NVARCHAR(MAX) '$[8]', c9 NVARCHAR(MAX) '$[9]', c10 NVARCHAR(MAX) '$[10]', c11 NVARCHAR(MAX) '$[11]', c12 NVARCHAR(MAX) '$[12]', c13 NVARCHAR(MAX) '$[13]', c14 NVARCHAR(MAX) '$[14]', c15 NVARCHAR(MAX) '$[15]', c16 NVARCHAR(MAX) '$[16]')
GO
COMMIT TRANSACTION
GO
