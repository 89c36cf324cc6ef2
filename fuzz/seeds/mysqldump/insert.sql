-- MySQL dump 10.13
/*!40101 SET NAMES utf8mb4 */;
CREATE TABLE `t` (
  `id` int NOT NULL,
  `mobile` varchar(32) DEFAULT NULL,
  `b` blob
) ENGINE=InnoDB;
INSERT INTO `t` VALUES (1,'13912345678',0xDEADBEEF),(2,NULL,_binary 'a\0\'\\''');
