-- variants: distributed onenode
-- A schema as pg_dump writes it, related tables with keys at the end, filled, then distributed one after the other
-- while it is in use. Some keys as Django makes them.
CREATE TABLE public.plans (id integer NOT NULL, name text NOT NULL);
CREATE TABLE public.countries (code text NOT NULL, name text);
CREATE TABLE public.accounts (id bigint NOT NULL, plan_id integer, country text, parent_id bigint);
CREATE TABLE public.users (account_id bigint NOT NULL, id bigint NOT NULL, email text NOT NULL);
CREATE TABLE public.projects (account_id bigint NOT NULL, id bigint NOT NULL, owner_id bigint, title text);
CREATE TABLE public.tasks (account_id bigint NOT NULL, id bigint NOT NULL, project_id bigint NOT NULL, assignee_id bigint, state text DEFAULT 'open'::text);
CREATE TABLE public.comments (account_id bigint NOT NULL, id bigint NOT NULL, task_id bigint NOT NULL, body text);
CREATE TABLE public.tags (id integer NOT NULL, label text);
CREATE TABLE public.task_tags (account_id bigint NOT NULL, task_id bigint NOT NULL, tag_id integer NOT NULL);
CREATE TABLE public.settings (key text NOT NULL, plan_id integer, account_id bigint);
INSERT INTO plans VALUES (1, 'free'), (2, 'paid');
INSERT INTO countries VALUES ('de', 'Germany'), ('fr', 'France');
INSERT INTO accounts SELECT g, 1 + g % 2, CASE WHEN g % 3 = 0 THEN 'de' ELSE 'fr' END, NULL FROM generate_series(1, 12) g;
INSERT INTO users SELECT 1 + g % 12, g, 'u' || g FROM generate_series(1, 36) g;
INSERT INTO projects SELECT account_id, id, id, 'p' || id FROM users WHERE id <= 24;
INSERT INTO tasks SELECT account_id, id * 10 + n, id, owner_id FROM projects, generate_series(0, 2) n;
INSERT INTO comments SELECT account_id, id, id, 'c' FROM tasks WHERE id % 2 = 0;
INSERT INTO tags VALUES (1, 'red'), (2, 'blue');
INSERT INTO task_tags SELECT account_id, id, 1 + id % 2 FROM tasks;
INSERT INTO settings VALUES ('a', 1, 1), ('b', NULL, 2);
ALTER TABLE ONLY public.plans ADD CONSTRAINT plans_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.countries ADD CONSTRAINT countries_pkey PRIMARY KEY (code);
ALTER TABLE ONLY public.accounts ADD CONSTRAINT accounts_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.users ADD CONSTRAINT users_pkey PRIMARY KEY (account_id, id);
ALTER TABLE ONLY public.projects ADD CONSTRAINT projects_pkey PRIMARY KEY (account_id, id);
ALTER TABLE ONLY public.tasks ADD CONSTRAINT tasks_pkey PRIMARY KEY (account_id, id);
ALTER TABLE ONLY public.comments ADD CONSTRAINT comments_pkey PRIMARY KEY (account_id, id);
ALTER TABLE ONLY public.tags ADD CONSTRAINT tags_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.task_tags ADD CONSTRAINT task_tags_pkey PRIMARY KEY (account_id, task_id, tag_id);
ALTER TABLE ONLY public.settings ADD CONSTRAINT settings_pkey PRIMARY KEY (key);
CREATE INDEX tasks_state ON public.tasks USING btree (state);
ALTER TABLE ONLY public.accounts ADD CONSTRAINT fk_plan FOREIGN KEY (plan_id) REFERENCES public.plans(id);
ALTER TABLE ONLY public.accounts ADD CONSTRAINT fk_country FOREIGN KEY (country) REFERENCES public.countries(code) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.users ADD CONSTRAINT fk_account FOREIGN KEY (account_id) REFERENCES public.accounts(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.projects ADD CONSTRAINT fk_account FOREIGN KEY (account_id) REFERENCES public.accounts(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.projects ADD CONSTRAINT fk_owner FOREIGN KEY (account_id, owner_id) REFERENCES public.users(account_id, id);
ALTER TABLE ONLY public.tasks ADD CONSTRAINT fk_project FOREIGN KEY (account_id, project_id) REFERENCES public.projects(account_id, id) ON DELETE CASCADE;
ALTER TABLE ONLY public.tasks ADD CONSTRAINT fk_assignee FOREIGN KEY (account_id, assignee_id) REFERENCES public.users(account_id, id);
ALTER TABLE ONLY public.comments ADD CONSTRAINT fk_task FOREIGN KEY (account_id, task_id) REFERENCES public.tasks(account_id, id) ON DELETE CASCADE;
ALTER TABLE ONLY public.task_tags ADD CONSTRAINT fk_task FOREIGN KEY (account_id, task_id) REFERENCES public.tasks(account_id, id) ON DELETE CASCADE;
ALTER TABLE ONLY public.task_tags ADD CONSTRAINT fk_tag FOREIGN KEY (tag_id) REFERENCES public.tags(id);
ALTER TABLE ONLY public.settings ADD CONSTRAINT fk_plan FOREIGN KEY (plan_id) REFERENCES public.plans(id) ON DELETE SET NULL;
ALTER TABLE ONLY public.settings ADD CONSTRAINT fk_account FOREIGN KEY (account_id) REFERENCES public.accounts(id);
-- distribute: create_reference_table('plans')
INSERT INTO accounts VALUES (50, 9, 'de');
DELETE FROM plans WHERE id = 1;
-- distribute: create_reference_table('countries')
-- distribute: create_reference_table('tags')
BEGIN;
INSERT INTO accounts VALUES (50, 1, 'it');
INSERT INTO countries VALUES ('it', 'Italy');
COMMIT;
BEGIN;
INSERT INTO accounts VALUES (51, 1, 'xx');
COMMIT;
DELETE FROM tags WHERE id = 2;
-- distribute: create_distributed_table('accounts', 'id')
-- any-error
DELETE FROM accounts WHERE id = 3;
INSERT INTO users VALUES (99, 1, 'nobody');
INSERT INTO settings VALUES ('c', 2, 99);
INSERT INTO settings VALUES ('c', 2, 50);
DELETE FROM accounts WHERE id = 50;
-- distribute: create_distributed_table('users', 'account_id', colocate_with => 'accounts')
INSERT INTO projects VALUES (2, 900, 1, 'not his');
-- distribute: create_distributed_table('projects', 'account_id', colocate_with => 'accounts')
-- distribute: create_distributed_table('tasks', 'account_id', colocate_with => 'accounts')
INSERT INTO comments VALUES (2, 1, 77777, 'nowhere');
-- distribute: create_distributed_table('task_tags', 'account_id', colocate_with => 'accounts')
-- distribute: create_distributed_table('comments', 'account_id', colocate_with => 'accounts')
DELETE FROM tasks WHERE id % 20 = 0;
DELETE FROM projects WHERE account_id = 5;
DELETE FROM plans WHERE id = 2;
UPDATE accounts SET plan_id = 2 WHERE plan_id = 1;
DELETE FROM plans WHERE id = 1;
-- any-error
DELETE FROM accounts WHERE id = 1;
DELETE FROM settings WHERE account_id = 50;
DELETE FROM accounts WHERE id = 50;
SELECT (SELECT count(*) FROM accounts), (SELECT count(*) FROM users), (SELECT count(*) FROM projects), (SELECT count(*) FROM tasks), (SELECT count(*) FROM comments), (SELECT count(*) FROM task_tags);
SELECT * FROM settings ORDER BY 1;
SELECT conrelid::regclass::text, conname, confrelid::regclass::text, convalidated, condeferrable FROM pg_constraint WHERE contype = 'f' AND conparentid = 0 AND conname !~ '[0-9]{6}$' ORDER BY 1, 2;
-- distribute: undistribute_table('plans', cascade_via_foreign_keys => true)
INSERT INTO settings VALUES ('d', 99, NULL);
INSERT INTO settings VALUES ('d', 2, 12);
SELECT count(*) FROM tasks;
