-- A record of netboot at its tables 0008 (c2f161e): one PC that was checked and erased, and came twice more, the last
-- time with a second disk; another PC. Written by sqlite3's iterdump.
BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0008');
CREATE TABLE batch_places (
	batch_id VARCHAR(64) NOT NULL, 
	number INTEGER NOT NULL, 
	machine_id VARCHAR(64) NOT NULL, 
	visit_id VARCHAR(64) NOT NULL, 
	at DATETIME NOT NULL, 
	CONSTRAINT pk_batch_places PRIMARY KEY (batch_id, number), 
	CONSTRAINT fk_batch_places_batch_id_batches FOREIGN KEY(batch_id) REFERENCES batches (id), 
	CONSTRAINT fk_batch_places_machine_id_machines FOREIGN KEY(machine_id) REFERENCES machines (id), 
	CONSTRAINT fk_batch_places_visit_id_visits FOREIGN KEY(visit_id) REFERENCES visits (id), 
	CONSTRAINT uq_batch_places_batch_id_machine_id UNIQUE (batch_id, machine_id)
);
CREATE TABLE batches (
	id VARCHAR(64) NOT NULL, 
	profile VARCHAR(64) NOT NULL, 
	places INTEGER NOT NULL, 
	taken INTEGER NOT NULL, 
	who VARCHAR(256) NOT NULL, 
	at DATETIME NOT NULL, 
	closed DATETIME, 
	ending VARCHAR(16) NOT NULL, 
	CONSTRAINT pk_batches PRIMARY KEY (id)
);
CREATE TABLE chains (
	server VARCHAR(64) NOT NULL, 
	sequence BIGINT NOT NULL, 
	hash VARCHAR(64) NOT NULL, 
	CONSTRAINT pk_chains PRIMARY KEY (server)
);
INSERT INTO "chains" VALUES('7af90a05d132330d',17,'8fef5b302c86374cbf792049f8a148d12cdfffd4580aeaf9fd9db007305c16c5');
CREATE TABLE choices (
	id VARCHAR(64) NOT NULL, 
	machine_id VARCHAR(64) NOT NULL, 
	profile VARCHAR(64) NOT NULL, 
	who VARCHAR(256) NOT NULL, 
	source VARCHAR(8) NOT NULL, 
	at DATETIME NOT NULL, 
	target TEXT, 
	closed DATETIME, 
	visit_id VARCHAR(64), seen TEXT, 
	CONSTRAINT pk_choices PRIMARY KEY (id), 
	CONSTRAINT fk_choices_machine_id_machines FOREIGN KEY(machine_id) REFERENCES machines (id), 
	CONSTRAINT fk_choices_visit_id_visits FOREIGN KEY(visit_id) REFERENCES visits (id)
);
INSERT INTO "choices" VALUES('8ce87eedaf92bb56d8432313ff6d4503','57ca5a3df2da51fb54174f545e071eca','debian','Anne','page','2026-11-22 08:00:02.000000',NULL,'2026-11-22 08:00:03.000000','9d4df8215f8cc4890454f003bfe81b4c','{"disks":[{"serial":"S4EWNX0N0001","wwn":"eui.0025385b91500001","size":256060514304,"path":"","sequence":0,"by_place":false}],"keys":[{"kind":"uuid","value":"4c1bb2a8-7e52-11ea-9d7a-0862664a0001"},{"kind":"system","value":"thinkcentre m720q/pc0x7q01"},{"kind":"board","value":"3136/l1hf957001"},{"kind":"mac","value":"98:fa:9b:00:00:01"}]}');
CREATE TABLE disk_answers (
	id INTEGER NOT NULL, 
	machine_id VARCHAR(64) NOT NULL, 
	visit_id VARCHAR(64), 
	answer TEXT NOT NULL, 
	who VARCHAR(256) NOT NULL, 
	at DATETIME NOT NULL, 
	CONSTRAINT pk_disk_answers PRIMARY KEY (id), 
	CONSTRAINT fk_disk_answers_machine_id_machines FOREIGN KEY(machine_id) REFERENCES machines (id), 
	CONSTRAINT fk_disk_answers_visit_id_visits FOREIGN KEY(visit_id) REFERENCES visits (id)
);
CREATE TABLE disk_sightings (
	disk_id INTEGER NOT NULL, 
	visit_id VARCHAR(64) NOT NULL, 
	CONSTRAINT pk_disk_sightings PRIMARY KEY (disk_id, visit_id), 
	CONSTRAINT fk_disk_sightings_disk_id_disks FOREIGN KEY(disk_id) REFERENCES disks (id), 
	CONSTRAINT fk_disk_sightings_visit_id_visits FOREIGN KEY(visit_id) REFERENCES visits (id)
);
INSERT INTO "disk_sightings" VALUES(1,'9d4df8215f8cc4890454f003bfe81b4c');
INSERT INTO "disk_sightings" VALUES(1,'8f525205fa44f43ea72324196783567a');
INSERT INTO "disk_sightings" VALUES(1,'44739ce754ce48b288294104eff1f1ef');
INSERT INTO "disk_sightings" VALUES(2,'44739ce754ce48b288294104eff1f1ef');
INSERT INTO "disk_sightings" VALUES(3,'c55f682b03888cce92293f3fb0bcf624');
CREATE TABLE disks (
	id INTEGER NOT NULL, 
	serial VARCHAR(256) NOT NULL, 
	wwn VARCHAR(256) NOT NULL, 
	size BIGINT NOT NULL, 
	model VARCHAR(256) NOT NULL, 
	CONSTRAINT pk_disks PRIMARY KEY (id)
);
INSERT INTO "disks" VALUES(1,'S4EWNX0N0001','eui.0025385b91500001',256060514304,'SAMSUNG MZVLB256HBHQ');
INSERT INTO "disks" VALUES(2,'S4EWNX0N0007','eui.0025385b91500007',256060514304,'SAMSUNG MZVLB256HBHQ');
INSERT INTO "disks" VALUES(3,'S4EWNX0N0002','eui.0025385b91500002',256060514304,'SAMSUNG MZVLB256HBHQ');
CREATE TABLE erasures (
	id INTEGER NOT NULL, 
	job_id VARCHAR(64) NOT NULL, 
	machine_id VARCHAR(64) NOT NULL, 
	disk_id INTEGER, 
	at DATETIME NOT NULL, 
	method VARCHAR(32) NOT NULL, 
	level VARCHAR(16) NOT NULL, 
	verdict VARCHAR(16) NOT NULL, 
	evidence TEXT NOT NULL, 
	CONSTRAINT pk_erasures PRIMARY KEY (id), 
	CONSTRAINT fk_erasures_disk_id_disks FOREIGN KEY(disk_id) REFERENCES disks (id), 
	CONSTRAINT fk_erasures_job_id_jobs FOREIGN KEY(job_id) REFERENCES jobs (id), 
	CONSTRAINT fk_erasures_machine_id_machines FOREIGN KEY(machine_id) REFERENCES machines (id)
);
INSERT INTO "erasures" VALUES(1,'44738f2a33b726d8028149d85dc379f7','57ca5a3df2da51fb54174f545e071eca',1,'2026-11-22 08:00:07.000000','overwrite','clear','erased','{"disk":{"serial":"S4EWNX0N0001","wwn":"eui.0025385b91500001","size":256060514304,"path":"","sequence":0,"by_place":false},"model":"SAMSUNG MZVLB256HBHQ","method":"overwrite","level":"clear","verdict":"erased","problem":null,"written":256060514304,"verified":256060514304,"unwritten":0,"unread":0,"different":0,"bad":[],"more_bad":0,"began":10.5,"ended":99.25,"pc_clock":315532800.0,"started":1795334406.0,"finished":1795334407.0,"pattern":"5a","before":{"percent_used":"3"},"after":{}}');
CREATE TABLE events (
	server VARCHAR(64) NOT NULL, 
	sequence BIGINT NOT NULL, 
	at VARCHAR(32) NOT NULL, 
	kind VARCHAR(32) NOT NULL, 
	machine_id VARCHAR(64) NOT NULL, 
	visit_id VARCHAR(64) NOT NULL, 
	job_id VARCHAR(64) NOT NULL, 
	body TEXT NOT NULL, 
	previous VARCHAR(64) NOT NULL, 
	hash VARCHAR(64) NOT NULL, 
	CONSTRAINT pk_events PRIMARY KEY (server, sequence)
);
INSERT INTO "events" VALUES('7af90a05d132330d',1,'2026-11-22T08:00:01.000000+00:00','machine-added','57ca5a3df2da51fb54174f545e071eca','','','{"keys":["uuid:4c1bb2a8-7e52-11ea-9d7a-0862664a0001","system:thinkcentre m720q/pc0x7q01","board:3136/l1hf957001","mac:98:fa:9b:00:00:01"],"number":1}','0000000000000000000000000000000000000000000000000000000000000000','3aa6f17e2299a74e13f5828ebd854d42d74a60d288b1ad818480246abaa84865');
INSERT INTO "events" VALUES('7af90a05d132330d',2,'2026-11-22T08:00:01.000000+00:00','visit-opened','57ca5a3df2da51fb54174f545e071eca','9d4df8215f8cc4890454f003bfe81b4c','','{"adapter":"","boot":"boot-1","mac":"98:fa:9b:00:00:01","mode":"uefi","secure_boot":"on"}','3aa6f17e2299a74e13f5828ebd854d42d74a60d288b1ad818480246abaa84865','cd3107288156688823568e3247ae84f180adfbadb21807fd569a8601f963cdbb');
INSERT INTO "events" VALUES('7af90a05d132330d',3,'2026-11-22T08:00:02.000000+00:00','choice-made','57ca5a3df2da51fb54174f545e071eca','','','{"by":"a53cee72a1332b5ea97bbe0c99e5edb2eb9030e0acb4b55f07a539e5c061900b","choice":"8ce87eedaf92bb56d8432313ff6d4503","disks":[{"serial":"S4EWNX0N0001","size":256060514304,"wwn":"eui.0025385b91500001"}],"profile":"debian","source":"page","target":null}','cd3107288156688823568e3247ae84f180adfbadb21807fd569a8601f963cdbb','fde1bc6a19d6aa6ee5bbf8edab758ac42e450794a31879067f04ccc98ce9b31f');
INSERT INTO "events" VALUES('7af90a05d132330d',4,'2026-11-22T08:00:03.000000+00:00','choice-used','57ca5a3df2da51fb54174f545e071eca','9d4df8215f8cc4890454f003bfe81b4c','','{"choice":"8ce87eedaf92bb56d8432313ff6d4503","profile":"debian"}','fde1bc6a19d6aa6ee5bbf8edab758ac42e450794a31879067f04ccc98ce9b31f','64f1fcb0500043d31f07f681ed214d5eae4a5092772c404569161520172ba958');
INSERT INTO "events" VALUES('7af90a05d132330d',5,'2026-11-22T08:00:03.000000+00:00','job-started','57ca5a3df2da51fb54174f545e071eca','9d4df8215f8cc4890454f003bfe81b4c','44738f2a33b726d8028149d85dc379f7','{"by":"a53cee72a1332b5ea97bbe0c99e5edb2eb9030e0acb4b55f07a539e5c061900b","hostname":"pc-1","master":"","profile":"debian","profile_digest":"c1cafeb80e5908bf58b0af70e2b7f1d82fd46393ab0660ebfadeec439a3f8cdc"}','64f1fcb0500043d31f07f681ed214d5eae4a5092772c404569161520172ba958','06ffd24fa7e1e25d8ad1244f6c7f3a0e989be3c07fb9d2bed92fb1b37eff4b70');
INSERT INTO "events" VALUES('7af90a05d132330d',6,'2026-11-22T08:00:04.000000+00:00','stage-started','57ca5a3df2da51fb54174f545e071eca','9d4df8215f8cc4890454f003bfe81b4c','44738f2a33b726d8028149d85dc379f7','{"report":1,"stage":"check"}','06ffd24fa7e1e25d8ad1244f6c7f3a0e989be3c07fb9d2bed92fb1b37eff4b70','a88f9c65a669fa70e2c6c2b8822be59b54004f7afa21441fe8154917cfdcfa86');
INSERT INTO "events" VALUES('7af90a05d132330d',7,'2026-11-22T08:00:05.000000+00:00','stage-ended','57ca5a3df2da51fb54174f545e071eca','9d4df8215f8cc4890454f003bfe81b4c','44738f2a33b726d8028149d85dc379f7','{"problem":null,"result":{"inventory":"ae222f28eed77906678d1ead99b5a3ab4b6510cd1855df150feee1fd2944e528","type":"check"},"seconds":2.5,"stage":"check","state":"done"}','a88f9c65a669fa70e2c6c2b8822be59b54004f7afa21441fe8154917cfdcfa86','f904cb1a7d6545839bcf2cdd6f0cbcf7723a80ab209e479510f917e1ff2d479b');
INSERT INTO "events" VALUES('7af90a05d132330d',8,'2026-11-22T08:00:06.000000+00:00','stage-started','57ca5a3df2da51fb54174f545e071eca','9d4df8215f8cc4890454f003bfe81b4c','44738f2a33b726d8028149d85dc379f7','{"report":3,"stage":"erase"}','f904cb1a7d6545839bcf2cdd6f0cbcf7723a80ab209e479510f917e1ff2d479b','145068e3249e3c4bc12a535a1a55f7104151680bba7effd217a270ad3b64255b');
INSERT INTO "events" VALUES('7af90a05d132330d',9,'2026-11-22T08:00:07.000000+00:00','stage-ended','57ca5a3df2da51fb54174f545e071eca','9d4df8215f8cc4890454f003bfe81b4c','44738f2a33b726d8028149d85dc379f7','{"problem":null,"result":{"disks":1,"type":"erase"},"seconds":90.0,"stage":"erase","state":"done"}','145068e3249e3c4bc12a535a1a55f7104151680bba7effd217a270ad3b64255b','4fe5d7d6540e91464ba82a9726fa1689b39198939a66de9f252405822f14c0fe');
INSERT INTO "events" VALUES('7af90a05d132330d',10,'2026-11-22T08:00:07.000000+00:00','erasure','57ca5a3df2da51fb54174f545e071eca','9d4df8215f8cc4890454f003bfe81b4c','44738f2a33b726d8028149d85dc379f7','{"after":{},"bad":[],"before":{"percent_used":"3"},"began":10.5,"different":0,"disk":{"by_place":false,"path":"","sequence":0,"serial":"S4EWNX0N0001","size":256060514304,"wwn":"eui.0025385b91500001"},"ended":99.25,"finished":1795334407.0,"level":"clear","method":"overwrite","model":"SAMSUNG MZVLB256HBHQ","more_bad":0,"pattern":"5a","pc_clock":315532800.0,"problem":null,"started":1795334406.0,"unread":0,"unwritten":0,"verdict":"erased","verified":256060514304,"written":256060514304}','4fe5d7d6540e91464ba82a9726fa1689b39198939a66de9f252405822f14c0fe','23fab68f6feda6bc9549af590463e7fd5369a7da63661c0199e9e9becf91eea8');
INSERT INTO "events" VALUES('7af90a05d132330d',11,'2026-11-22T08:00:08.000000+00:00','job-ended','57ca5a3df2da51fb54174f545e071eca','9d4df8215f8cc4890454f003bfe81b4c','44738f2a33b726d8028149d85dc379f7','{"problem":{"code":"interrupted","values":{"stage":"deploy"}},"state":"interrupted"}','23fab68f6feda6bc9549af590463e7fd5369a7da63661c0199e9e9becf91eea8','6b22c6ad44d3258399ded0a1f097d720ba73c253b597e571973ecc10c26b7df9');
INSERT INTO "events" VALUES('7af90a05d132330d',12,'2026-11-22T08:00:08.000000+00:00','visit-closed','57ca5a3df2da51fb54174f545e071eca','9d4df8215f8cc4890454f003bfe81b4c','','{}','6b22c6ad44d3258399ded0a1f097d720ba73c253b597e571973ecc10c26b7df9','831bba77091b3cc476a98d904d5cb6e9f449eb9902ed30b47150dfcec969369f');
INSERT INTO "events" VALUES('7af90a05d132330d',13,'2026-11-22T08:00:08.000000+00:00','visit-opened','57ca5a3df2da51fb54174f545e071eca','8f525205fa44f43ea72324196783567a','','{"adapter":"","boot":"boot-2","mac":"98:fa:9b:00:00:01","mode":"uefi","secure_boot":"on"}','831bba77091b3cc476a98d904d5cb6e9f449eb9902ed30b47150dfcec969369f','61ddbc83b35bf5e04d61e46fffce85ab399533ea4538e5f134bfa796b10eaced');
INSERT INTO "events" VALUES('7af90a05d132330d',14,'2026-11-22T08:00:09.000000+00:00','visit-closed','57ca5a3df2da51fb54174f545e071eca','8f525205fa44f43ea72324196783567a','','{}','61ddbc83b35bf5e04d61e46fffce85ab399533ea4538e5f134bfa796b10eaced','c358aa48d85243d5cb6bed1883532777bdb075acc65a4a270dcbaabe0815388a');
INSERT INTO "events" VALUES('7af90a05d132330d',15,'2026-11-22T08:00:09.000000+00:00','visit-opened','57ca5a3df2da51fb54174f545e071eca','44739ce754ce48b288294104eff1f1ef','','{"adapter":"","boot":"boot-3","mac":"98:fa:9b:00:00:01","mode":"uefi","secure_boot":"on"}','c358aa48d85243d5cb6bed1883532777bdb075acc65a4a270dcbaabe0815388a','48ce3b2f763c120ec7d33ae80ad73b9bc73be53fb885cc26ebe67b570b3d6817');
INSERT INTO "events" VALUES('7af90a05d132330d',16,'2026-11-22T08:00:10.000000+00:00','machine-added','518847085303e9498bdc9f0c0cfcff8a','','','{"keys":["uuid:4c1bb2a8-7e52-11ea-9d7a-0862664a0002","system:thinkcentre m720q/pc0x7q02","board:3136/l1hf957002","mac:98:fa:9b:00:00:02"],"number":2}','48ce3b2f763c120ec7d33ae80ad73b9bc73be53fb885cc26ebe67b570b3d6817','b542c70717b49d872578b21f3b24b9edec64eba30e2f21de33d1879e0cdb99d6');
INSERT INTO "events" VALUES('7af90a05d132330d',17,'2026-11-22T08:00:10.000000+00:00','visit-opened','518847085303e9498bdc9f0c0cfcff8a','c55f682b03888cce92293f3fb0bcf624','','{"adapter":"","boot":"boot-4","mac":"98:fa:9b:00:00:02","mode":"uefi","secure_boot":"on"}','b542c70717b49d872578b21f3b24b9edec64eba30e2f21de33d1879e0cdb99d6','8fef5b302c86374cbf792049f8a148d12cdfffd4580aeaf9fd9db007305c16c5');
CREATE TABLE job_answers (
	job_id VARCHAR(64) NOT NULL, 
	answer_id INTEGER NOT NULL, 
	CONSTRAINT pk_job_answers PRIMARY KEY (job_id, answer_id), 
	CONSTRAINT fk_job_answers_job_id_jobs FOREIGN KEY(job_id) REFERENCES jobs (id), 
	CONSTRAINT fk_job_answers_answer_id_disk_answers FOREIGN KEY(answer_id) REFERENCES disk_answers (id)
);
CREATE TABLE jobs (
	id VARCHAR(64) NOT NULL, 
	visit_id VARCHAR(64) NOT NULL, 
	profile TEXT NOT NULL, 
	master TEXT, 
	master_digest VARCHAR(64) NOT NULL, 
	target TEXT, 
	hostname VARCHAR(64) NOT NULL, 
	chosen_by VARCHAR(256) NOT NULL, 
	state VARCHAR(16) NOT NULL, 
	problem TEXT, 
	started DATETIME NOT NULL, 
	ended DATETIME, seen TEXT, 
	CONSTRAINT pk_jobs PRIMARY KEY (id), 
	CONSTRAINT fk_jobs_visit_id_visits FOREIGN KEY(visit_id) REFERENCES visits (id)
);
INSERT INTO "jobs" VALUES('44738f2a33b726d8028149d85dc379f7','9d4df8215f8cc4890454f003bfe81b4c','{"id":"debian","name":{"fr":"Debian","en":"Debian"},"stages":["check","erase","deploy","customise","finish"],"master":"debian-minimal","unerased":"forbid","hostname":"pc-{number}","end":"poweroff"}',NULL,'',NULL,'pc-1','Anne','interrupted','{"code":"interrupted","values":{"stage":"deploy"}}','2026-11-22 08:00:03.000000','2026-11-22 08:00:08.000000','{"disks":[{"serial":"S4EWNX0N0001","wwn":"eui.0025385b91500001","size":256060514304,"path":"","sequence":0,"by_place":false}],"keys":[{"kind":"uuid","value":"4c1bb2a8-7e52-11ea-9d7a-0862664a0001"},{"kind":"system","value":"thinkcentre m720q/pc0x7q01"},{"kind":"board","value":"3136/l1hf957001"},{"kind":"mac","value":"98:fa:9b:00:00:01"}]}');
CREATE TABLE leases (
	address VARCHAR(15) NOT NULL, 
	mac VARCHAR(17) NOT NULL, 
	name VARCHAR(64) NOT NULL, 
	bound BOOLEAN NOT NULL, 
	until DATETIME NOT NULL, 
	CONSTRAINT pk_leases PRIMARY KEY (address)
);
CREATE TABLE machine_keys (
	id INTEGER NOT NULL, 
	machine_id VARCHAR(64) NOT NULL, 
	kind VARCHAR(16) NOT NULL, 
	value VARCHAR(600) NOT NULL, 
	first_seen DATETIME NOT NULL, 
	last_seen DATETIME NOT NULL, 
	CONSTRAINT pk_machine_keys PRIMARY KEY (id), 
	CONSTRAINT fk_machine_keys_machine_id_machines FOREIGN KEY(machine_id) REFERENCES machines (id), 
	CONSTRAINT uq_machine_keys_machine_id_kind_value UNIQUE (machine_id, kind, value)
);
INSERT INTO "machine_keys" VALUES(1,'57ca5a3df2da51fb54174f545e071eca','uuid','4c1bb2a8-7e52-11ea-9d7a-0862664a0001','2026-11-22 08:00:01.000000','2026-11-22 08:00:04.000000');
INSERT INTO "machine_keys" VALUES(2,'57ca5a3df2da51fb54174f545e071eca','system','thinkcentre m720q/pc0x7q01','2026-11-22 08:00:01.000000','2026-11-22 08:00:04.000000');
INSERT INTO "machine_keys" VALUES(3,'57ca5a3df2da51fb54174f545e071eca','board','3136/l1hf957001','2026-11-22 08:00:01.000000','2026-11-22 08:00:04.000000');
INSERT INTO "machine_keys" VALUES(4,'57ca5a3df2da51fb54174f545e071eca','mac','98:fa:9b:00:00:01','2026-11-22 08:00:01.000000','2026-11-22 08:00:04.000000');
INSERT INTO "machine_keys" VALUES(5,'518847085303e9498bdc9f0c0cfcff8a','uuid','4c1bb2a8-7e52-11ea-9d7a-0862664a0002','2026-11-22 08:00:10.000000','2026-11-22 08:00:10.000000');
INSERT INTO "machine_keys" VALUES(6,'518847085303e9498bdc9f0c0cfcff8a','system','thinkcentre m720q/pc0x7q02','2026-11-22 08:00:10.000000','2026-11-22 08:00:10.000000');
INSERT INTO "machine_keys" VALUES(7,'518847085303e9498bdc9f0c0cfcff8a','board','3136/l1hf957002','2026-11-22 08:00:10.000000','2026-11-22 08:00:10.000000');
INSERT INTO "machine_keys" VALUES(8,'518847085303e9498bdc9f0c0cfcff8a','mac','98:fa:9b:00:00:02','2026-11-22 08:00:10.000000','2026-11-22 08:00:10.000000');
CREATE TABLE machines (
	id VARCHAR(64) NOT NULL, 
	number INTEGER NOT NULL, 
	label VARCHAR(256) NOT NULL, 
	added DATETIME NOT NULL, merged_into VARCHAR(64) CONSTRAINT fk_machines_merged_into_machines REFERENCES machines (id), 
	CONSTRAINT pk_machines PRIMARY KEY (id), 
	CONSTRAINT uq_machines_number UNIQUE (number)
);
INSERT INTO "machines" VALUES('57ca5a3df2da51fb54174f545e071eca',1,'LENOVO ThinkCentre M720q PC0X7Q01','2026-11-22 08:00:01.000000',NULL);
INSERT INTO "machines" VALUES('518847085303e9498bdc9f0c0cfcff8a',2,'LENOVO ThinkCentre M720q PC0X7Q02','2026-11-22 08:00:10.000000',NULL);
CREATE TABLE masters (
	digest VARCHAR(64) NOT NULL, 
	name VARCHAR(256) NOT NULL, 
	version VARCHAR(64) NOT NULL, 
	licence VARCHAR(256) NOT NULL, 
	added DATETIME NOT NULL, 
	CONSTRAINT pk_masters PRIMARY KEY (digest)
);
CREATE TABLE operators (
	name VARCHAR(256) NOT NULL, 
	password_hash VARCHAR(512) NOT NULL, 
	added DATETIME NOT NULL, 
	CONSTRAINT pk_operators PRIMARY KEY (name)
);
CREATE TABLE person_salts (
	name VARCHAR(256) NOT NULL, 
	salt VARCHAR(64) NOT NULL, 
	CONSTRAINT pk_person_salts PRIMARY KEY (name)
);
INSERT INTO "person_salts" VALUES('Anne','e744d6936b1ff9be232c5ef1b5dbca9eb1ad05dad1b9477bb7051a2b64860a5e');
CREATE TABLE policies (
	kind VARCHAR(16) NOT NULL, 
	value VARCHAR(600) NOT NULL, 
	denied BOOLEAN NOT NULL, 
	loader VARCHAR(8) NOT NULL, 
	dhcp VARCHAR(8) NOT NULL, 
	entry VARCHAR(64) NOT NULL, 
	note VARCHAR(256) NOT NULL, 
	who VARCHAR(256) NOT NULL, 
	at DATETIME NOT NULL, 
	CONSTRAINT pk_policies PRIMARY KEY (kind, value)
);
CREATE TABLE settings (
	"key" VARCHAR(64) NOT NULL, 
	value TEXT NOT NULL, 
	CONSTRAINT pk_settings PRIMARY KEY ("key")
);
INSERT INTO "settings" VALUES('server.id','7af90a05d132330d');
CREATE TABLE stages (
	id INTEGER NOT NULL, 
	job_id VARCHAR(64) NOT NULL, 
	position INTEGER NOT NULL, 
	stage VARCHAR(16) NOT NULL, 
	state VARCHAR(16) NOT NULL, 
	started DATETIME, 
	seconds DOUBLE NOT NULL, 
	problem TEXT, 
	result TEXT, 
	CONSTRAINT pk_stages PRIMARY KEY (id), 
	CONSTRAINT fk_stages_job_id_jobs FOREIGN KEY(job_id) REFERENCES jobs (id), 
	CONSTRAINT uq_stages_job_id_position UNIQUE (job_id, position), 
	CONSTRAINT uq_stages_job_id_stage UNIQUE (job_id, stage)
);
INSERT INTO "stages" VALUES(1,'44738f2a33b726d8028149d85dc379f7',0,'check','done','2026-11-22 08:00:04.000000',2.5,NULL,'{"type":"check","inventory":{"system":{"manufacturer":"LENOVO","product":"ThinkCentre M720q","version":"","serial":"PC0X7Q01","uuid":"4c1bb2a8-7e52-11ea-9d7a-0862664a0001","sku":"","chassis":""},"board":{"manufacturer":"LENOVO","product":"3136","serial":"L1HF957001"},"firmware":{"vendor":"","version":"","date":"","mode":"uefi","uefi_bits":0,"secure_boot":"on"},"clock":null,"memory":0,"cpus":[],"dimms":[],"disks":[{"name":"nvme0n1","id":{"serial":"S4EWNX0N0001","wwn":"eui.0025385b91500001","size":256060514304,"path":"","sequence":0,"by_place":false},"model":"SAMSUNG MZVLB256HBHQ","firmware":"","logical_sector":512,"physical_sector":512,"rotational":false,"transport":"nvme","ata":false,"removable":false,"built_in":false,"said":"","read_only":false,"in_use":false}],"hidden":[],"nics":[{"name":"eth0","mac":"98:fa:9b:00:00:01","driver":"","model":"","mbps":0,"link":"unknown","boot":false,"removable":false}],"batteries":[],"gpus":[]}}');
INSERT INTO "stages" VALUES(2,'44738f2a33b726d8028149d85dc379f7',1,'erase','done','2026-11-22 08:00:06.000000',90.0,NULL,'{"type":"erase","erasures":[{"disk":{"serial":"S4EWNX0N0001","wwn":"eui.0025385b91500001","size":256060514304,"path":"","sequence":0,"by_place":false},"model":"SAMSUNG MZVLB256HBHQ","method":"overwrite","level":"clear","verdict":"erased","problem":null,"written":256060514304,"verified":256060514304,"unwritten":0,"unread":0,"different":0,"bad":[],"more_bad":0,"began":10.5,"ended":99.25,"pc_clock":315532800.0,"started":1795334406.0,"finished":1795334407.0,"pattern":"5a","before":{"percent_used":"3"},"after":{}}]}');
INSERT INTO "stages" VALUES(3,'44738f2a33b726d8028149d85dc379f7',2,'deploy','waiting',NULL,0.0,NULL,NULL);
INSERT INTO "stages" VALUES(4,'44738f2a33b726d8028149d85dc379f7',3,'customise','waiting',NULL,0.0,NULL,NULL);
INSERT INTO "stages" VALUES(5,'44738f2a33b726d8028149d85dc379f7',4,'finish','waiting',NULL,0.0,NULL,NULL);
CREATE TABLE visits (
	id VARCHAR(64) NOT NULL, 
	machine_id VARCHAR(64) NOT NULL, 
	boot VARCHAR(64) NOT NULL, 
	mac VARCHAR(17) NOT NULL, 
	mode VARCHAR(8) NOT NULL, 
	secure_boot VARCHAR(16) NOT NULL, 
	token_hash VARCHAR(64) NOT NULL, 
	token_used BOOLEAN NOT NULL, 
	opened DATETIME NOT NULL, 
	closed DATETIME, 
	last_report INTEGER NOT NULL, 
	inventory TEXT NOT NULL, adapter VARCHAR(17) DEFAULT '' NOT NULL, standing VARCHAR(16) DEFAULT '' NOT NULL, 
	CONSTRAINT pk_visits PRIMARY KEY (id), 
	CONSTRAINT fk_visits_machine_id_machines FOREIGN KEY(machine_id) REFERENCES machines (id), 
	CONSTRAINT uq_visits_boot UNIQUE (boot)
);
INSERT INTO "visits" VALUES('9d4df8215f8cc4890454f003bfe81b4c','57ca5a3df2da51fb54174f545e071eca','boot-1','98:fa:9b:00:00:01','uefi','on','514ebd3d2fd40e87d7a3ba128c6c66aa4bddeca60b9f7011b01e0a18090193ec',1,'2026-11-22 08:00:01.000000','2026-11-22 08:00:08.000000',4,'{"system":{"manufacturer":"LENOVO","product":"ThinkCentre M720q","version":"","serial":"PC0X7Q01","uuid":"4c1bb2a8-7e52-11ea-9d7a-0862664a0001","sku":"","chassis":""},"board":{"manufacturer":"LENOVO","product":"3136","serial":"L1HF957001"},"firmware":{"vendor":"","version":"","date":"","mode":"uefi","uefi_bits":0,"secure_boot":"on"},"clock":null,"memory":0,"cpus":[],"dimms":[],"disks":[{"name":"nvme0n1","id":{"serial":"S4EWNX0N0001","wwn":"eui.0025385b91500001","size":256060514304,"path":"","sequence":0,"by_place":false},"model":"SAMSUNG MZVLB256HBHQ","firmware":"","logical_sector":512,"physical_sector":512,"rotational":false,"transport":"nvme","ata":false,"removable":false,"built_in":false,"said":"","read_only":false,"in_use":false}],"hidden":[],"nics":[{"name":"eth0","mac":"98:fa:9b:00:00:01","driver":"","model":"","mbps":0,"link":"unknown","boot":false,"removable":false}],"batteries":[],"gpus":[]}','','');
INSERT INTO "visits" VALUES('8f525205fa44f43ea72324196783567a','57ca5a3df2da51fb54174f545e071eca','boot-2','98:fa:9b:00:00:01','uefi','on','5dac604a0f260169e4f5e0ef16f5e4550189210ff8cb422548266541f3d4556d',0,'2026-11-22 08:00:08.000000','2026-11-22 08:00:09.000000',0,'{"system":{"manufacturer":"LENOVO","product":"ThinkCentre M720q","version":"","serial":"PC0X7Q01","uuid":"4c1bb2a8-7e52-11ea-9d7a-0862664a0001","sku":"","chassis":""},"board":{"manufacturer":"LENOVO","product":"3136","serial":"L1HF957001"},"firmware":{"vendor":"","version":"","date":"","mode":"uefi","uefi_bits":0,"secure_boot":"on"},"clock":null,"memory":0,"cpus":[],"dimms":[],"disks":[{"name":"nvme0n1","id":{"serial":"S4EWNX0N0001","wwn":"eui.0025385b91500001","size":256060514304,"path":"","sequence":0,"by_place":false},"model":"SAMSUNG MZVLB256HBHQ","firmware":"","logical_sector":512,"physical_sector":512,"rotational":false,"transport":"nvme","ata":false,"removable":false,"built_in":false,"said":"","read_only":false,"in_use":false}],"hidden":[],"nics":[{"name":"eth0","mac":"98:fa:9b:00:00:01","driver":"","model":"","mbps":0,"link":"unknown","boot":false,"removable":false}],"batteries":[],"gpus":[]}','','');
INSERT INTO "visits" VALUES('44739ce754ce48b288294104eff1f1ef','57ca5a3df2da51fb54174f545e071eca','boot-3','98:fa:9b:00:00:01','uefi','on','a9b0c301be3fa4db4ec57a0376cebd32ece6a5a947e8b4fef5644fa98b4423d2',0,'2026-11-22 08:00:09.000000',NULL,0,'{"system":{"manufacturer":"LENOVO","product":"ThinkCentre M720q","version":"","serial":"PC0X7Q01","uuid":"4c1bb2a8-7e52-11ea-9d7a-0862664a0001","sku":"","chassis":""},"board":{"manufacturer":"LENOVO","product":"3136","serial":"L1HF957001"},"firmware":{"vendor":"","version":"","date":"","mode":"uefi","uefi_bits":0,"secure_boot":"on"},"clock":null,"memory":0,"cpus":[],"dimms":[],"disks":[{"name":"nvme0n1","id":{"serial":"S4EWNX0N0001","wwn":"eui.0025385b91500001","size":256060514304,"path":"","sequence":0,"by_place":false},"model":"SAMSUNG MZVLB256HBHQ","firmware":"","logical_sector":512,"physical_sector":512,"rotational":false,"transport":"nvme","ata":false,"removable":false,"built_in":false,"said":"","read_only":false,"in_use":false},{"name":"nvme0n1","id":{"serial":"S4EWNX0N0007","wwn":"eui.0025385b91500007","size":256060514304,"path":"","sequence":0,"by_place":false},"model":"SAMSUNG MZVLB256HBHQ","firmware":"","logical_sector":512,"physical_sector":512,"rotational":false,"transport":"nvme","ata":false,"removable":false,"built_in":false,"said":"","read_only":false,"in_use":false}],"hidden":[],"nics":[{"name":"eth0","mac":"98:fa:9b:00:00:01","driver":"","model":"","mbps":0,"link":"unknown","boot":false,"removable":false}],"batteries":[],"gpus":[]}','','');
INSERT INTO "visits" VALUES('c55f682b03888cce92293f3fb0bcf624','518847085303e9498bdc9f0c0cfcff8a','boot-4','98:fa:9b:00:00:02','uefi','on','f2840e9186d08196d62a7a321e51f0a32d3101970e82cef8aed507bc4ec64a7b',0,'2026-11-22 08:00:10.000000',NULL,0,'{"system":{"manufacturer":"LENOVO","product":"ThinkCentre M720q","version":"","serial":"PC0X7Q02","uuid":"4c1bb2a8-7e52-11ea-9d7a-0862664a0002","sku":"","chassis":""},"board":{"manufacturer":"LENOVO","product":"3136","serial":"L1HF957002"},"firmware":{"vendor":"","version":"","date":"","mode":"uefi","uefi_bits":0,"secure_boot":"on"},"clock":null,"memory":0,"cpus":[],"dimms":[],"disks":[{"name":"nvme0n1","id":{"serial":"S4EWNX0N0002","wwn":"eui.0025385b91500002","size":256060514304,"path":"","sequence":0,"by_place":false},"model":"SAMSUNG MZVLB256HBHQ","firmware":"","logical_sector":512,"physical_sector":512,"rotational":false,"transport":"nvme","ata":false,"removable":false,"built_in":false,"said":"","read_only":false,"in_use":false}],"hidden":[],"nics":[{"name":"eth0","mac":"98:fa:9b:00:00:02","driver":"","model":"","mbps":0,"link":"unknown","boot":false,"removable":false}],"batteries":[],"gpus":[]}','','');
CREATE INDEX ix_disks_serial ON disks (serial);
CREATE INDEX ix_disks_wwn ON disks (wwn);
CREATE INDEX ix_events_job_id ON events (job_id);
CREATE INDEX ix_events_machine_id ON events (machine_id);
CREATE INDEX ix_machine_keys_kind_value ON machine_keys (kind, value);
CREATE INDEX ix_visits_machine_id_opened ON visits (machine_id, opened);
CREATE INDEX ix_choices_machine_id_closed ON choices (machine_id, closed);
CREATE INDEX ix_disk_sightings_visit_id ON disk_sightings (visit_id);
CREATE INDEX ix_jobs_visit_id_started ON jobs (visit_id, started);
CREATE INDEX ix_erasures_disk_id ON erasures (disk_id);
CREATE INDEX ix_erasures_job_id ON erasures (job_id);
CREATE INDEX ix_erasures_machine_id ON erasures (machine_id);
CREATE TRIGGER events_are_not_changed BEFORE UPDATE ON events
    BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER events_are_not_deleted BEFORE DELETE ON events
    BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER events_are_only_appended BEFORE INSERT ON events
    WHEN EXISTS (SELECT 1 FROM events WHERE server = NEW.server AND sequence >= NEW.sequence)
    BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE INDEX ix_batches_at ON batches (at);
CREATE INDEX ix_batch_places_machine_id ON batch_places (machine_id);
CREATE INDEX ix_machines_merged_into ON machines (merged_into);
CREATE INDEX ix_disk_answers_machine_id ON disk_answers (machine_id);
COMMIT;
