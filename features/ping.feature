Feature: Ping
