// Says what Express has parsed of a request. The port is the first line that it prints.
"use strict";
const express = require("express");
const override = require("method-override");
const multer = require("multer");

const app = express();
app.set("query parser", "extended"); // as it was by default up to version 4
app.use(express.json({ limit: "2mb" }));
app.use(express.urlencoded({ extended: true }));
app.use(multer().any());
app.use(override("X-HTTP-Method-Override"));
app.use(override("_method"));
app.use(override((req) => req.body && typeof req.body === "object" ? req.body._method : undefined));
app.all("/things/:id", (req, res) => {
  const body = req.body && typeof req.body === "object" ? req.body : {};
  res.json({ method: req.method, fields: { ...body }, query: { ...req.query }, locale: req.get("x-locale") ?? null });
});
app.use((error, req, res, next) => res.status(error.status || 500).json({ refused: true }));
const server = app.listen(0, "127.0.0.1", () => console.log(server.address().port));
