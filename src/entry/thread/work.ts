import { parentPort } from 'node:worker_threads'
import { serveWork } from './serve-work.ts'

if (parentPort !== null) await serveWork(parentPort)
